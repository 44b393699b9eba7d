package echo

import "unsafe"

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

// fairleadRoutes tells the routes of an Echo without routers for hosts of their own.
func fairleadRoutes(handler interface{}) (routes [][2]string, colons, all bool) {
	e, ours := handler.(*Echo)
	if !ours || len(e.routers) > 0 {
		return nil, true, false
	}
	for _, one := range e.Routes() {
		routes = append(routes, [2]string{one.Method, one.Path})
	}
	return routes, true, true
}

// Find finds a route, and puts an answer in the place of its handler where a rule turns it away. What
// the application has put around all routes (Use) sees that answer as it sees any.
func (r *Router) Find(method, path string, c Context) {
	r.fairleadFind(method, path, c)
	ctx, ours := c.(*context)
	if !ours || ctx.request == nil || ctx.handler == nil || !fairleadOn(fairleadPath) {
		return
	}
	if ctx.path == "" || fairleadSame(&ctx.path, &path) {
		return // not found; some versions say the path then
	}
	status, header, body := fairleadRoute(ctx.request.Context(), ctx.path, true)
	if status == 0 {
		return
	}
	ctx.handler = func(c Context) error {
		written := c.Response().Header()
		for _, pair := range header {
			written.Del(pair[0])
		}
		for _, pair := range header {
			written.Add(pair[0], pair[1])
		}
		c.Response().WriteHeader(status)
		_, err := c.Response().Write([]byte(body))
		return err
	}
}

// fairleadSame tells whether two strings are one in memory.
func fairleadSame(a, b *string) bool {
	return *(*unsafe.Pointer)(unsafe.Pointer(a)) == *(*unsafe.Pointer)(unsafe.Pointer(b))
}
