package http

import (
	"reflect"
	_ "unsafe" // for go:linkname
)

// A package of a module may serve HTTP by itself. Its hook has a variable by the name of this one, which
// stays nil where this hook is not in.

//go:linkname fairleadServeBy
var fairleadServeBy = fairleadServedBy

type fairleadServer struct {
	handler  Handler
	upgraded *Request
}

// fairleadServedBy returns a handler whose requests are governed. One that a connection of HTTP/1 was
// upgraded with (UpgradeRequest of opts, a struct that older versions of x/net have without it) has come
// by this package before.
func fairleadServedBy(handler Handler, opts any) Handler {
	served := &fairleadServer{handler: handler}
	if field := reflect.ValueOf(opts).FieldByName("UpgradeRequest"); field.IsValid() {
		served.upgraded, _ = field.Interface().(*Request)
	}
	return served
}

func (s *fairleadServer) ServeHTTP(rw ResponseWriter, req *Request) {
	if s.upgraded != nil && s.upgraded.URL == req.URL {
		s.handler.ServeHTTP(rw, req)
		return
	}
	fairleadServe(s, rw, req)
}

func (s *fairleadServer) fairleadServeHTTP(rw ResponseWriter, req *Request) {
	s.handler.ServeHTTP(rw, req)
}
