//go:build !nethttpomithttp2

package http

//fairlead:needs type http2ResponseWriter

func init() { fairleadStatus2 = fairleadStatusHTTP2 }

func fairleadStatusHTTP2(rw ResponseWriter) int {
	if w, ours := rw.(http2ResponseWriter); ours {
		return w.FairleadStatus()
	}
	return 0
}
