//go:build !nethttpomithttp2

package http

//fairlead:needs http2responseWriter.rws *http2responseWriterState
//fairlead:needs http2responseWriterState.status int
//fairlead:needs type http2responseWriter

func init() { fairleadStatus2 = fairleadStatusHTTP2 }

func fairleadStatusHTTP2(rw ResponseWriter) int {
	w, ours := rw.(*http2responseWriter)
	if !ours || w.rws == nil {
		return 0
	}
	if w.rws.status == 0 {
		return StatusOK
	}
	return w.rws.status
}
