// C answers with its version, by gRPC.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"example.org/chain/chain"
)

type server struct {
	chain.UnimplementedCServer
	name string
}

func (s server) Answer(context.Context, *chain.Question) (*chain.Reply, error) {
	return &chain.Reply{Chain: s.name}, nil
}

func logged(
	ctx context.Context, request any, call *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	reply, err := handler(ctx, request)
	log.Printf("%q %s", call.FullMethod, status.Code(err))
	return reply, err
}

func main() {
	port := flag.Int("port", 9090, "where to listen")
	flag.Parse()

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	c := grpc.NewServer(grpc.ChainUnaryInterceptor(logged))
	chain.RegisterCServer(c, server{name: "C" + os.Getenv("VERSION")})

	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		<-stopped.Done()
		c.GracefulStop()
	}()
	if err := c.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
