package http

import (
	"reflect"
	_ "unsafe" // for go:linkname
)

// A package of a module may send HTTP by itself. Its hook has a variable by the name of this one, which
// stays nil where this hook is not in.

//go:linkname fairleadSendBy
var fairleadSendBy = fairleadSentBy

type fairleadSends func(req *Request) (*Response, error)

func (send fairleadSends) fairleadRoundTrip(req *Request) (*Response, error) { return send(req) }

// fairleadSentBy sends a request by something that is no Transport. An http2.Transport that belongs to a
// Transport (t1), or has one within it (no t1), sends what has come or will come by that.
func fairleadSentBy(by any, req *Request, send func(*Request) (*Response, error)) (*Response, error) {
	if req.URL == nil || req.Header == nil || fairleadDirectOf(req.Context()) != nil {
		return send(req)
	}
	if by != nil {
		owner := reflect.ValueOf(by).Elem().FieldByName("t1")
		if !owner.IsValid() || !owner.IsNil() {
			return send(req)
		}
	}
	return fairleadSend(fairleadSends(send), req)
}
