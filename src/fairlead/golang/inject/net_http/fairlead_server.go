package http

import (
	"bufio"
	fairlead "index"
	"net"
	"reflect"
)

//fairlead:needs Request.ctx context.Context
//fairlead:needs func (*conn) hijacked() bool
//fairlead:needs response.conn *conn
//fairlead:needs response.req *Request
//fairlead:needs response.status int
//fairlead:needs type response
//fairlead:needs type serverHandler

// ServeHTTP is what every request comes by that a Server serves. Of one that only says that what follows
// is HTTP/2, the requests come later; one that has come by the hook of another package is on its way.
func (sh serverHandler) ServeHTTP(rw ResponseWriter, req *Request) {
	if !fairlead.OnFor(fairleadPath) || req.Method == "PRI" && req.ProtoMajor == 2 || fairleadBegun(req) {
		sh.fairleadServeHTTP(rw, req)
		return
	}
	fairleadServe(sh, rw, req)
}

// fairleadBegun tells whether the request is one that fairleadServe has been given, and not one within.
func fairleadBegun(req *Request) bool {
	_, ours := req.ctx.(*fairlead.Request)
	return ours
}

// fairleadHandler is what serves a request that rules let pass.
type fairleadHandler interface {
	fairleadServeHTTP(rw ResponseWriter, req *Request)
}

// fairleadServe leaves the writer and the request what they are: a wrapped writer has lost the
// interfaces that handlers ask for, and files of a form belong to the first request (WithContext). A
// panic goes on as it would without us.
func fairleadServe(handler fairleadHandler, rw ResponseWriter, req *Request) {
	r, rejection := fairlead.Begin(req.Context(), &fairlead.Inbound{
		Method:   req.Method,
		Scheme:   fairleadScheme(req),
		Host:     req.Host,
		Path:     req.URL.Path,
		RawQuery: req.URL.RawQuery,
		Remote:   req.RemoteAddr,
		Header:   req.Header,
	})
	failed := true
	defer func() { r.End(fairleadStatus(rw), -1, failed) }()
	req.ctx = r
	if rejection != nil {
		fairleadReject(rw, rejection)
	} else {
		handler.fairleadServeHTTP(rw, req)
	}
	failed = false
}

// Hijack hands a connection over: what comes by it from now on is no request.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := w.fairleadHijack()
	if err == nil && fairlead.OnFor(fairleadPath) {
		fairlead.Lasts(w.req.Context(), false)
	}
	return conn, buffer, err
}

// FlushError sends what there is of an answer: it is a stream.
func (w *response) FlushError() error {
	err := w.fairleadFlushError()
	if fairlead.OnFor(fairleadPath) {
		fairlead.Lasts(w.req.Context(), true)
	}
	return err
}

func fairleadScheme(req *Request) string {
	if req.TLS != nil {
		return "https"
	}
	return "http"
}

// fairleadStatus returns the status of an answer, 0 where nobody knows it: whose connection was taken
// over, or whose writer is another package's.
func fairleadStatus(rw ResponseWriter) int {
	w, ours := rw.(*response)
	switch {
	case !ours && fairleadStatus2 != nil:
		if status := fairleadStatus2(rw); status != 0 {
			return status
		}
		return fairleadStatusOther(rw)
	case !ours || w.conn.hijacked():
		return 0
	case w.status == 0:
		return StatusOK
	}
	return w.status
}

// fairleadStatusOther is that of golang.org/x/net/http2, whose writer has the fields that the one of
// HTTP/2 here has.
func fairleadStatusOther(rw ResponseWriter) int {
	w := reflect.ValueOf(rw)
	if w.Kind() != reflect.Pointer || w.IsNil() || w.Elem().Kind() != reflect.Struct {
		return 0
	}
	state := w.Elem().FieldByName("rws")
	if state.Kind() != reflect.Pointer || state.IsNil() || state.Elem().Kind() != reflect.Struct {
		return 0
	}
	status := state.Elem().FieldByName("status")
	if status.Kind() != reflect.Int {
		return 0
	}
	return int(max(StatusOK, status.Int()))
}

// fairleadStatus2 is that of HTTP/2, which a program may have been built without.
var fairleadStatus2 func(ResponseWriter) int
