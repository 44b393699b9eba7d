package http

import fairlead "index"

// ServeHTTP finds the route before the handler does, where rules ask for it, and has the request named
// by it in reports. What a mux within a mux tells goes before what the outer one does.
func (mux *ServeMux) ServeHTTP(w ResponseWriter, r *Request) {
	served := (*fairlead.Request)(nil)
	if fairlead.OnFor(fairleadPath) && r.URL != nil {
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
			fairleadReject(w, rejection)
			return
		}
	}
	defer func() { served.Named(fairleadPattern(r), path) }() // also of a handler that panics
	mux.fairleadServeMux(w, r)
}
