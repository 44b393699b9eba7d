// A server of gRPC, and a client of it: rpc serve NAME, or rpc call TARGET HOW...
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type server struct {
	pb.UnimplementedTestServiceServer
	name string
}

// UnaryCall says who has served the call, and what it came with; or fails as it is told.
func (s *server) UnaryCall(ctx context.Context, r *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	switch r.GetResponseStatus().GetCode() {
	case 98:
		panic("broken")
	case 99:
		return nil, errors.New("broken")
	}
	md, _ := metadata.FromIncomingContext(ctx)
	said, err := json.Marshal(md)
	return &pb.SimpleResponse{Username: s.name, Hostname: string(said)}, err
}

// FullDuplexCall answers each message, and goes on as long as its client does.
func (s *server) FullDuplexCall(stream pb.TestService_FullDuplexCallServer) error {
	for {
		_, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		stream.Send(&pb.StreamingOutputCallResponse{Payload: &pb.Payload{Body: []byte(s.name)}})
	}
}

// StreamingOutputCall answers one message with two.
func (s *server) StreamingOutputCall(r *pb.StreamingOutputCallRequest, stream pb.TestService_StreamingOutputCallServer) error {
	if r.GetResponseStatus().GetCode() == 98 {
		panic("broken")
	}
	said := &pb.StreamingOutputCallResponse{Payload: &pb.Payload{Body: []byte(s.name)}}
	return errors.Join(stream.Send(said), stream.Send(said))
}

// StreamingInputCall answers when its client has said all, by how many bytes its own name has.
func (s *server) StreamingInputCall(stream pb.TestService_StreamingInputCallServer) error {
	for {
		_, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: int32(len(s.name))})
		}
		if err != nil {
			return err
		}
	}
}

func recovered(err *error) {
	if recover() != nil {
		*err = status.Error(codes.Internal, "panicked")
	}
}

func serve(name string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	served := grpc.NewServer(grpc.ChainUnaryInterceptor(
		func(ctx context.Context, req interface{}, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer interface{}, err error) {
			defer recovered(&err)
			grpc.SetHeader(ctx, metadata.Pairs("around", name))
			return handler(ctx, req)
		}), grpc.ChainStreamInterceptor(
		func(server interface{}, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
			defer recovered(&err)
			return handler(server, stream)
		}))
	pb.RegisterTestServiceServer(served, &server{name: name})
	fmt.Println(listener.Addr())
	panic(served.Serve(listener))
}

// result is what a client says of one call.
type result struct {
	Served, Code, Text, Around, Pushback string
	Metadata                             map[string][]string
	Seen                                 int
}

type client struct {
	pb.TestServiceClient
	connection *grpc.ClientConn
	seen       int
}

func (c *client) unary(ctx context.Context, message *pb.SimpleRequest, opts ...grpc.CallOption) result {
	var header, trailer metadata.MD
	c.seen = 0
	answer, err := c.UnaryCall(ctx, message, append(opts, grpc.Header(&header), grpc.Trailer(&trailer))...)
	said := result{Served: answer.GetUsername(), Code: status.Code(err).String(), Seen: c.seen}
	said.Text = status.Convert(err).Message()
	said.Around = strings.Join(header["around"], ",")
	said.Pushback = strings.Join(trailer["grpc-retry-pushback-ms"], ",")
	json.Unmarshal([]byte(answer.GetHostname()), &said.Metadata)
	return said
}

// stream opens a stream and sends a message, for which it is answered; it stays open.
func (c *client) stream(ctx context.Context) (result, pb.TestService_FullDuplexCallClient) {
	stream, err := c.FullDuplexCall(ctx)
	var answer *pb.StreamingOutputCallResponse
	if err == nil {
		stream.Send(&pb.StreamingOutputCallRequest{})
		answer, err = stream.Recv()
	}
	said := result{Served: string(answer.GetPayload().GetBody()), Code: status.Code(err).String()}
	said.Text = status.Convert(err).Message()
	return said, stream
}

// down reads a stream of answers to its end.
func (c *client) down(ctx context.Context, code int32) result {
	request := &pb.StreamingOutputCallRequest{ResponseStatus: &pb.EchoStatus{Code: code}}
	stream, err := c.StreamingOutputCall(ctx, request)
	var names []string
	for err == nil {
		var answer *pb.StreamingOutputCallResponse
		if answer, err = stream.Recv(); err == nil {
			names = append(names, string(answer.GetPayload().GetBody()))
		}
	}
	if err == io.EOF {
		err = nil
	}
	return result{Served: strings.Join(names, ","), Code: status.Code(err).String()}
}

// up sends a stream of messages to its end.
func (c *client) up(ctx context.Context) result {
	stream, err := c.StreamingInputCall(ctx)
	var answer *pb.StreamingInputCallResponse
	if err == nil {
		stream.Send(&pb.StreamingInputCallRequest{})
		stream.Send(&pb.StreamingInputCallRequest{})
		answer, err = stream.CloseAndRecv()
	}
	return result{Seen: int(answer.GetAggregatedPayloadSize()), Code: status.Code(err).String()}
}

// cancels gives a stream up that is under way.
func (c *client) cancels(ctx context.Context) result {
	ctx, cancel := context.WithCancel(ctx)
	said, stream := c.stream(ctx)
	cancel()
	if stream != nil {
		_, err := stream.Recv()
		said.Code = status.Code(err).String()
	}
	return said
}

func (c *client) call(how string) []result {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "x-user", "7", "baggage", "other=1")
	switch how {
	case "unary":
		return []result{c.unary(ctx, &pb.SimpleRequest{ResponseSize: 3})}
	case "fails":
		return []result{c.unary(ctx, &pb.SimpleRequest{ResponseStatus: &pb.EchoStatus{Code: 99}})}
	case "down":
		return []result{c.down(ctx, 0)}
	case "down panics":
		return []result{c.down(ctx, 98)}
	case "panics":
		return []result{c.unary(ctx, &pb.SimpleRequest{ResponseStatus: &pb.EchoStatus{Code: 98}})}
	case "closes":
		time.AfterFunc(300*time.Millisecond, func() { c.connection.Close() })
		return []result{c.unary(ctx, &pb.SimpleRequest{}, grpc.WaitForReady(true))}
	case "up":
		return []result{c.up(ctx)}
	case "cancels":
		return []result{c.cancels(ctx)}
	case "waits":
		short, stop := context.WithTimeout(ctx, 500*time.Millisecond)
		defer stop()
		return []result{c.unary(short, &pb.SimpleRequest{}, grpc.WaitForReady(true))}
	case "streams":
		first, one := c.stream(ctx)
		second, _ := c.stream(ctx)
		said := []result{first, second}
		if one != nil {
			one.CloseSend()
			for err := error(nil); err == nil; {
				_, err = one.Recv()
			}
			third, _ := c.stream(ctx)
			said = append(said, third)
		}
		return said
	}
	panic(how)
}

func main() {
	if os.Args[1] == "serve" {
		serve(os.Args[2])
	}
	c := &client{}
	connection, err := grpc.Dial(os.Args[2],
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithBlock(), grpc.WithTimeout(time.Second),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply interface{},
			cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			c.seen++
			return invoker(ctx, method, req, reply, cc, opts...)
		}))
	if err != nil {
		panic(err)
	}
	c.TestServiceClient, c.connection = pb.NewTestServiceClient(connection), connection
	var said []result
	for _, how := range os.Args[3:] {
		said = append(said, c.call(how)...)
	}
	connection.Close()
	json.NewEncoder(os.Stdout).Encode(said)
}
