package gin

import _ "unsafe" // for go:linkname

//go:linkname fairleadRouter index.flatRouter
func fairleadRouter(path, version string)

//go:linkname fairleadOn index.flatOn
func fairleadOn(path string) bool

//go:linkname fairleadRoute index.flatRoute
func fairleadRoute(ctx interface{}, template string, colons bool) (status int, header [][2]string, body string)

//go:linkname fairleadTells index.flatTells
func fairleadTells(ask func(handler interface{}) (routes [][2]string, colons, all bool))

func init() {
	fairleadRouter(fairleadPath, fairleadVersion)
	fairleadTells(fairleadRoutes)
}

// fairleadRoutes tells the routes of an engine, which may serve others where it has a handler for what
// has no route.
func fairleadRoutes(handler interface{}) (routes [][2]string, colons, all bool) {
	engine, ours := handler.(*Engine)
	if !ours || len(engine.noRoute) > 0 {
		return nil, true, false
	}
	for _, one := range engine.Routes() {
		routes = append(routes, [2]string{one.Method, one.Path})
	}
	return routes, true, true
}

// Next begins with the route's first handler, or the first middleware before it, once the route is
// known: a request that a rule turns away comes to none of them.
func (c *Context) Next() {
	if c.index < 0 && c.fullPath != "" && fairleadOn(fairleadPath) && fairleadRejected(c) {
		return
	}
	c.fairleadNext()
}

func fairleadRejected(c *Context) bool {
	status, header, body := fairleadRoute(c.Request.Context(), c.fullPath, true)
	if status == 0 {
		return false
	}
	written := c.Writer.Header()
	for _, pair := range header {
		written.Del(pair[0])
	}
	for _, pair := range header {
		written.Add(pair[0], pair[1])
	}
	c.Writer.WriteHeader(status)
	c.Writer.WriteString(body)
	c.Abort()
	return true
}
