package chi

import (
	"net/http"
	_ "unsafe" // for go:linkname
)

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

// fairleadRoutes tells the routes of a Mux and of those that are mounted in it. It may serve others
// where it has a handler for what has no route.
func fairleadRoutes(handler interface{}) (routes [][2]string, colons, all bool) {
	mx, ours := handler.(*Mux)
	if !ours || mx.notFoundHandler != nil {
		return nil, false, false
	}
	err := Walk(mx, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes = append(routes, [2]string{method, route})
		return nil
	})
	return routes, false, err == nil
}

// FindRoute finds a handler, and puts ours before it where it is the route's own, not a router that is
// mounted there: only then the whole of the route is known.
func (n *node) FindRoute(rctx *Context, method methodTyp, path string) (*node, endpoints, http.Handler) {
	found, ends, handler := n.fairleadFindRoute(rctx, method, path)
	if handler != nil && found != nil && found.subroutes == nil && fairleadOn(fairleadPath) {
		handler = &fairleadRouted{handler, rctx}
	}
	return found, ends, handler
}

type fairleadRouted struct {
	http.Handler
	rctx *Context
}

func (h *fairleadRouted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, header, body := fairleadRoute(r.Context(), h.rctx.RoutePattern(), false)
	if status == 0 {
		h.Handler.ServeHTTP(w, r)
		return
	}
	written := w.Header()
	for _, pair := range header {
		written.Del(pair[0])
	}
	for _, pair := range header {
		written.Add(pair[0], pair[1])
	}
	w.WriteHeader(status)
	w.Write([]byte(body))
}
