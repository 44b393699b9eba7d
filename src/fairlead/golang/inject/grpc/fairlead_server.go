package grpc

import (
	"context"
	"net"
	_ "unsafe" // for go:linkname

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

//go:linkname fairleadHook index.flatHook
func fairleadHook(path, version string)

//go:linkname fairleadOn index.flatOn
func fairleadOn(path string) bool

//go:linkname fairleadServe index.flatServe
func fairleadServe(ctx context.Context, method, remote string, header map[string][]string, message interface{}) (
	request context.Context, code int, text string, trailer map[string][]string)

//go:linkname fairleadServed index.flatServed
func fairleadServed(request context.Context, code int, failed bool)

//go:linkname fairleadListens index.flatListens
func fairleadListens(address net.Addr, protocol string, methods []string)

//go:linkname fairleadStops index.flatStops
func fairleadStops(address net.Addr)

//go:linkname fairleadLeaves index.flatLeaves
func fairleadLeaves(address net.Addr)

func init() { fairleadHook(fairleadPath, fairleadVersion) }

// NewServer makes a server whose calls come to us first, whatever interceptors the application has.
func NewServer(opt ...ServerOption) *Server {
	s := fairleadNewServer(opt...)
	s.opts.unaryInt = fairleadUnary(s.opts.unaryInt)
	s.opts.streamInt = fairleadStreaming(s.opts.streamInt)
	return s
}

func fairleadUnary(inner UnaryServerInterceptor) UnaryServerInterceptor {
	return func(ctx context.Context, req interface{}, info *UnaryServerInfo, handler UnaryHandler) (interface{}, error) {
		if !fairleadOn(fairleadPath) {
			if inner == nil {
				return handler(ctx, req)
			}
			return inner(ctx, req, info, handler)
		}
		var resp interface{}
		err := fairleadServing(ctx, info.FullMethod, req, func(ctx context.Context) (err error) {
			if inner == nil {
				resp, err = handler(ctx, req)
			} else {
				resp, err = inner(ctx, req, info, handler)
			}
			return err
		})
		return resp, err
	}
}

func fairleadStreaming(inner StreamServerInterceptor) StreamServerInterceptor {
	return func(srv interface{}, ss ServerStream, info *StreamServerInfo, handler StreamHandler) error {
		if !fairleadOn(fairleadPath) {
			if inner == nil {
				return handler(srv, ss)
			}
			return inner(srv, ss, info, handler)
		}
		return fairleadServing(ss.Context(), info.FullMethod, nil, func(ctx context.Context) error {
			served := &fairleadStream{ss, ctx}
			if inner == nil {
				return handler(srv, served)
			}
			return inner(srv, served, info, handler)
		})
	}
}

// fairleadStream is a stream of messages whose context says for which request it is.
type fairleadStream struct {
	ServerStream
	ctx context.Context
}

func (s *fairleadStream) Context() context.Context { return s.ctx }

// fairleadServing has one call served, or answers it by the rule that turns it away.
func fairleadServing(ctx context.Context, method string, message interface{}, serve func(context.Context) error) (err error) {
	remote := ""
	if from, ok := peer.FromContext(ctx); ok && from.Addr != nil {
		remote = from.Addr.String()
	}
	md, _ := metadata.FromIncomingContext(ctx)
	came, baggage := len(md), len(md["baggage"])
	request, code, text, trailer := fairleadServe(ctx, method, remote, md, message)
	if request == nil {
		return serve(ctx)
	}
	failed := true
	defer func() { fairleadServed(request, fairleadCode(err), failed) }()
	if code != 0 {
		failed = false
		if stream := ServerTransportStreamFromContext(ctx); stream != nil {
			stream.SetTrailer(trailer)
		}
		return status.Error(codes.Code(code), text)
	}
	shown := request
	if came != len(md) || baggage != len(md["baggage"]) || baggage > 0 {
		// What nobody here believes is not shown to the application.
		shown = metadata.NewIncomingContext(request, md)
	}
	err = serve(shown)
	failed = false
	return err
}

// fairleadCode returns the code that a call ends with, as the library says it to the client.
func fairleadCode(err error) int {
	said, ok := status.FromError(err)
	if !ok {
		said = status.FromContextError(err)
	}
	return int(said.Code())
}

// Serve serves on a listener, and says so: callers find this process by its address.
func (s *Server) Serve(lis net.Listener) error {
	if fairleadOn(fairleadPath) && lis != nil {
		address := lis.Addr()
		fairleadListens(address, "grpc", s.fairleadMethods())
		defer fairleadStops(address)
	}
	return s.fairleadServe(lis)
}

// GracefulStop and Stop stop a server whose callers know that it is going.
func (s *Server) GracefulStop() {
	s.fairleadGoes()
	s.fairleadGracefulStop()
}

func (s *Server) Stop() {
	s.fairleadGoes()
	s.fairleadStop()
}

func (s *Server) fairleadGoes() {
	if !fairleadOn(fairleadPath) {
		return
	}
	s.mu.Lock()
	var addresses []net.Addr
	for lis := range s.lis {
		addresses = append(addresses, lis.Addr())
	}
	s.mu.Unlock()
	for _, address := range addresses {
		fairleadLeaves(address)
	}
}

// fairleadMethods returns the full names of the methods that are served.
func (s *Server) fairleadMethods() []string {
	var methods []string
	for service, info := range s.GetServiceInfo() {
		for _, method := range info.Methods {
			methods = append(methods, "/"+service+"/"+method.Name)
		}
	}
	return methods
}
