package http

import fairlead "index"

// ServeHTTP finds the route before the handler does, where rules ask for it, and has the request named
// by it in reports. What a mux within a mux tells goes before what the outer one does.
func (mux *ServeMux) ServeHTTP(w ResponseWriter, r *Request) {
	served := (*fairlead.Request)(nil)
	if fairlead.OnFor(fairleadMuxPath) && r.URL != nil {
		served = fairlead.Routing(r.Context())
	}
	if served == nil {
		mux.fairleadServeMux(w, r)
		return
	}
	path := r.URL.Path
	if served.Wants() {
		_, pattern := mux.Handler(r)
		if rejection := served.Matched(pattern, path); rejection != nil {
			fairleadTurnAway(w, rejection)
			return
		}
	}
	mux.fairleadServeMux(w, r)
	served.Named(fairleadPattern(r), path)
}

const fairleadMuxPath = "net/http"

func fairleadTurnAway(w ResponseWriter, rejection *fairlead.Rejection) {
	header := w.Header()
	for _, pair := range rejection.Header {
		header.Del(pair[0])
	}
	for _, pair := range rejection.Header {
		header.Add(pair[0], pair[1])
	}
	w.WriteHeader(rejection.Status)
	w.Write([]byte(rejection.Body))
}
