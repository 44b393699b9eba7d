package mux

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

func init() { fairleadRouter(fairleadPath, fairleadVersion) }

// Match finds a route, and puts ours before its handler and the middlewares around that. Of routers
// within routers each does so; the first one to be asked is the outermost.
func (r *Router) Match(req *http.Request, match *RouteMatch) bool {
	found := r.fairleadMatch(req, match)
	if !found || match.MatchErr != nil || match.Route == nil || match.Handler == nil || !fairleadOn(fairleadPath) {
		return found
	}
	if template, err := match.Route.GetPathTemplate(); err == nil {
		match.Handler = &fairleadRouted{match.Handler, template}
	}
	return found
}

type fairleadRouted struct {
	http.Handler
	template string
}

func (h *fairleadRouted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, header, body := fairleadRoute(r.Context(), h.template, false)
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
