package router

import (
	"net/http"
	_ "unsafe" // for go:linkname
)

//go:linkname fairleadRouter index.flatRouter
func fairleadRouter(path, version string)

//go:linkname fairleadOn index.flatOn
func fairleadOn(path string) bool

//go:linkname fairleadRouteOf index.flatRoute
func fairleadRouteOf(ctx interface{}, template string, colons bool) (status int, header [][2]string, body string)

func init() { fairleadRouter(fairleadPath, fairleadVersion) }

// fairleadRoute tells its route before its handler is called, and what the application has around that.
type fairleadRoute struct {
	path    string
	handler http.Handler
}

func (f *fairleadRoute) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fairleadOn(fairleadPath) {
		if status, header, body := fairleadRouteOf(r.Context(), f.path, true); status != 0 {
			written := w.Header()
			for _, pair := range header {
				written.Del(pair[0])
			}
			for _, pair := range header {
				written.Add(pair[0], pair[1])
			}
			w.WriteHeader(status)
			w.Write([]byte(body))
			return
		}
	}
	f.handler.ServeHTTP(w, r)
}

// Handle keeps a route's path with its handler: the tree of routes forgets it.
func (pr *patRouter) Handle(method, reqPath string, handler http.Handler) error {
	return pr.fairleadHandle(method, reqPath, &fairleadRoute{reqPath, handler})
}
