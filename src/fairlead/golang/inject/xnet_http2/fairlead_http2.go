package http2

import (
	"net"
	"net/http"
	_ "unsafe" // for go:linkname
)

//go:linkname fairleadHook index.flatHook
func fairleadHook(path, version string)

//go:linkname fairleadOn index.flatOn
func fairleadOn(path string) bool

//go:linkname fairleadServeBy net/http.fairleadServeBy
var fairleadServeBy func(handler http.Handler, opts interface{}) http.Handler

//go:linkname fairleadSendBy net/http.fairleadSendBy
var fairleadSendBy func(by interface{}, req *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error)

func init() { fairleadHook(fairleadPath, fairleadVersion) }

// ServeConn serves a connection, of h2c too, each of whose requests is one of its own: what it began
// with is none, or the first of them.
func (s *Server) ServeConn(c net.Conn, opts *ServeConnOpts) {
	if fairleadServeBy != nil && fairleadOn(fairleadPath) {
		governed := ServeConnOpts{}
		if opts != nil {
			governed = *opts
		}
		governed.Handler = fairleadServeBy(opts.handler(), governed)
		opts = &governed
	}
	s.fairleadServeConn(c, opts)
}

// RoundTripOpt is what every call comes by that a Transport sends.
func (t *Transport) RoundTripOpt(req *http.Request, opt RoundTripOpt) (*http.Response, error) {
	if fairleadSendBy == nil || !fairleadOn(fairleadPath) {
		return t.fairleadRoundTripOpt(req, opt)
	}
	return fairleadSendBy(t, req, func(req *http.Request) (*http.Response, error) {
		return t.fairleadRoundTripOpt(req, opt)
	})
}
