package http

import (
	"bufio"
	fairlead "index"
	"net"
)

//fairlead:needs Request.ctx context.Context
//fairlead:needs func (*conn) hijacked() bool
//fairlead:needs response.conn *conn
//fairlead:needs response.req *Request
//fairlead:needs response.status int
//fairlead:needs type response
//fairlead:needs type serverHandler

// ServeHTTP is what every request comes by that a Server serves.
func (sh serverHandler) ServeHTTP(rw ResponseWriter, req *Request) {
	if !fairlead.OnFor(fairleadPath) {
		sh.fairleadServeHTTP(rw, req)
		return
	}
	sh.fairleadServe(rw, req)
}

// fairleadServe leaves the writer and the request what they are: a wrapped writer has lost the
// interfaces that handlers ask for, and files of a form belong to the first request (WithContext). A
// panic goes on as it would without us.
func (sh serverHandler) fairleadServe(rw ResponseWriter, req *Request) {
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
		sh.fairleadServeHTTP(rw, req)
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
		return fairleadStatus2(rw)
	case !ours || w.conn.hijacked():
		return 0
	case w.status == 0:
		return StatusOK
	}
	return w.status
}

// fairleadStatus2 is that of HTTP/2, which a program may have been built without.
var fairleadStatus2 func(ResponseWriter) int
