package http

import (
	"context"
	fairlead "index"
	"net"
)

//fairlead:needs Server.listeners map[*net.Listener]struct{}
//fairlead:needs Server.mu sync.Mutex

// Serve serves on a listener, and says so: callers find this process by its address.
func (srv *Server) Serve(l net.Listener) error {
	if fairlead.OnFor(fairleadPath) && l != nil {
		address := l.Addr()
		_, mux := srv.Handler.(*ServeMux)
		fairlead.Serves(address, srv.Handler, mux || srv.Handler == nil)
		defer fairlead.Stops(address)
		defer fairlead.Ends(srv.fairleadShutdown)()
	}
	return srv.fairleadServe(l)
}

// Shutdown shuts down a server whose callers know that it is going.
func (srv *Server) Shutdown(ctx context.Context) error {
	if fairlead.OnFor(fairleadPath) {
		fairlead.Leaving(srv.fairleadAddresses())
	}
	return srv.fairleadShutdown(ctx)
}

func (srv *Server) fairleadAddresses() []net.Addr {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	addresses := []net.Addr{}
	for l := range srv.listeners {
		addresses = append(addresses, (*l).Addr())
	}
	return addresses
}
