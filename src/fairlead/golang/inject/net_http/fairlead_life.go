package http

import (
	"context"
	fairlead "index"
	"net"
	"sync"
	"time"
)

//fairlead:needs Server.activeConn map[*conn]struct{}
//fairlead:needs Server.listenerGroup sync.WaitGroup
//fairlead:needs Server.listeners map[*net.Listener]struct{}
//fairlead:needs Server.mu sync.Mutex
//fairlead:needs conn.rwc net.Conn
//fairlead:needs const runHooks
//fairlead:needs func (*Server) newConn(net.Conn) *conn
//fairlead:needs func (*Server) shuttingDown() bool
//fairlead:needs func (*conn) getState() (ConnState, int64)
//fairlead:needs func (*conn) serve(context.Context)
//fairlead:needs func (*conn) setState(net.Conn, ConnState, bool)
//fairlead:needs type onceCloseListener

// Serve serves on a listener, and says so: callers find this process by its address.
func (srv *Server) Serve(l net.Listener) error {
	if !fairlead.OnFor(fairleadPath) || l == nil {
		return srv.fairleadServe(l)
	}
	address := l.Addr()
	_, mux := srv.Handler.(*ServeMux)
	fairlead.Serves(address, srv.Handler, mux || srv.Handler == nil)
	defer fairlead.Stops(address)
	defer fairlead.Ends(srv.fairleadEnd)()
	err := srv.fairleadServe(l)
	begun, ending := fairleadEnding.Load(srv)
	if ending {
		<-begun.(chan struct{})
	}
	if ending || srv.shuttingDown() {
		err = ErrServerClosed
	}
	return err
}

// Shutdown shuts down a server whose callers know that it is going.
func (srv *Server) Shutdown(ctx context.Context) error {
	if !fairlead.OnFor(fairleadPath) {
		return srv.fairleadShutdown(ctx)
	}
	fairlead.Leaving(srv.fairleadAddresses())
	return srv.fairleadEnd(ctx)
}

// fairleadEnding are servers that take no more connections, and the Shutdown of which has not begun:
// a chan struct{} of each is closed when it does.
var fairleadEnding sync.Map

// fairleadFirst is for how long who has connected may take to send a request: no longer than Shutdown
// itself waits, which takes who has sent none in fairleadNewFor for idle.
const (
	fairleadFirst  = time.Second
	fairleadNewFor = 5 // seconds
)

// fairleadEnd shuts down a server that callers may still come to, as those do that could not be told.
// Shutdown closes sockets, which resets who waits there, and connections whose first request comes
// later, since Go 1.25 with a request read from them: here they are served before it begins.
func (srv *Server) fairleadEnd(ctx context.Context) error {
	begun := make(chan struct{})
	if first, again := fairleadEnding.LoadOrStore(srv, begun); again {
		<-first.(chan struct{})
	} else {
		defer fairleadEnding.Delete(srv)
		srv.fairleadClose(ctx)
		close(begun)
	}
	return srv.fairleadShutdown(ctx)
}

type fairleadBacklog struct {
	listener net.Listener
	waiting  *fairlead.Backlog
}

// fairleadBacklogs holds a server's sockets, none where one of its listeners is another's: what it
// accepts are other connections, and what it says when it is closed is not known.
func (srv *Server) fairleadBacklogs() []fairleadBacklog {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	var sockets []*net.TCPListener
	for l := range srv.listeners {
		once, ok := (*l).(*onceCloseListener)
		if !ok {
			return nil
		}
		socket, ok := once.Listener.(*net.TCPListener)
		if !ok {
			return nil
		}
		sockets = append(sockets, socket)
	}
	var held []fairleadBacklog
	for _, socket := range sockets {
		held = append(held, fairleadBacklog{socket, fairlead.Hold(socket)})
	}
	return held
}

// fairleadClose closes a server's sockets, and waits until who has connected by then is served.
func (srv *Server) fairleadClose(ctx context.Context) {
	if ctx == nil { // which Shutdown takes where there is nothing to wait for
		return
	}
	backlogs := srv.fairleadBacklogs()
	if len(backlogs) == 0 {
		return
	}
	srv.mu.Lock()
	for l := range srv.listeners {
		(*l).Close()
	}
	srv.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, fairleadFirst)
	defer cancel()
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		srv.listenerGroup.Wait()
		for _, one := range backlogs {
			srv.fairleadAccept(one)
		}
	}()
	select {
	case <-accepted:
	case <-ctx.Done():
		return
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for srv.fairleadNew() && ctx.Err() == nil {
		<-look.C
	}
}

// fairleadAccept serves, as Serve does, who has waited when Serve had returned.
func (srv *Server) fairleadAccept(at fairleadBacklog) {
	base := context.Background()
	for rw := at.waiting.Next(); rw != nil; rw = at.waiting.Next() {
		if srv.BaseContext != nil {
			base = srv.BaseContext(at.listener)
		}
		ctx := context.WithValue(base, ServerContextKey, srv)
		if srv.ConnContext != nil {
			ctx = srv.ConnContext(ctx, rw)
		}
		c := srv.newConn(rw)
		c.setState(c.rwc, StateNew, runHooks)
		go c.serve(ctx)
	}
}

// fairleadNew tells whether a connection is there that a first request may come by.
func (srv *Server) fairleadNew() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	for c := range srv.activeConn {
		state, since := c.getState()
		if state == StateNew && (since == 0 || time.Now().Unix()-since <= fairleadNewFor) {
			return true
		}
	}
	return false
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
