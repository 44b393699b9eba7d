// An app of kratos that serves gRPC, and a client of it: serve ADDRESS NAME [NEXT [HTTP]], or call TARGET HOW...
package main

import (
	"context"
	"os"

	"github.com/go-kratos/kratos/v2"
	"github.com/go-kratos/kratos/v2/middleware/circuitbreaker"
	"github.com/go-kratos/kratos/v2/middleware/metadata"
	"github.com/go-kratos/kratos/v2/middleware/ratelimit"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/go-kratos/kratos/v2/middleware/tracing"
	"github.com/go-kratos/kratos/v2/selector"
	"github.com/go-kratos/kratos/v2/transport"
	"github.com/go-kratos/kratos/v2/transport/grpc"
	"github.com/go-kratos/kratos/v2/transport/http"
	pb "google.golang.org/grpc/interop/grpc_testing"
)

// others leaves one node out, as apps leave out versions.
func others(_ context.Context, nodes []selector.Node) []selector.Node {
	var kept []selector.Node
	for _, one := range nodes {
		if one.Address() != os.Getenv("AVOID") {
			kept = append(kept, one)
		}
	}
	return kept
}

func dial(target string) pb.TestServiceClient {
	connection, err := grpc.DialInsecure(context.Background(), grpc.WithEndpoint(target),
		grpc.WithNodeFilter(others),
		grpc.WithMiddleware(recovery.Recovery(), tracing.Client(), metadata.Client(), circuitbreaker.Client()))
	if err != nil {
		panic(err)
	}
	return pb.NewTestServiceClient(connection)
}

func main() {
	if os.Args[1] == "call" {
		call(dial(os.Args[2]), os.Args[3:])
		return
	}
	served := &service{name: os.Args[3]}
	if len(os.Args) > 4 && os.Args[4] != "" {
		served.next = dial(os.Args[4])
	}
	server := grpc.NewServer(grpc.Address(os.Args[2]),
		grpc.Middleware(recovery.Recovery(), tracing.Server(), metadata.Server(), ratelimit.Server()))
	pb.RegisterTestServiceServer(server, served)
	servers := []transport.Server{server}
	if len(os.Args) > 5 {
		servers = append(servers, http.NewServer(http.Address(os.Args[5])))
	}
	if err := kratos.New(kratos.Name("cart"), kratos.Server(servers...)).Run(); err != nil {
		panic(err)
	}
}
