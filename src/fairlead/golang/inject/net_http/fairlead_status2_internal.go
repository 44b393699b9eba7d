//go:build !nethttpomithttp2

package http

func init() { fairleadStatus2 = fairleadStatusHTTP2 }

func fairleadStatusHTTP2(rw ResponseWriter) int {
	if w, ours := rw.(http2ResponseWriter); ours {
		return w.FairleadStatus()
	}
	return 0
}
