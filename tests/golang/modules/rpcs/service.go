package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// service is the same in both frameworks, as the code that is generated for it is.
type service struct {
	pb.UnimplementedTestServiceServer
	name  string
	next  pb.TestServiceClient
	calls int32
}

// UnaryCall asks the next app, or says who it is and with what it was asked; that may take milliseconds,
// and fail unless it is the third call.
func (s *service) UnaryCall(ctx context.Context, r *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	if s.next != nil {
		answer, err := s.next.UnaryCall(ctx, r)
		if err != nil {
			return nil, err
		}
		return &pb.SimpleResponse{Username: s.name + ">" + answer.Username, Hostname: answer.Hostname}, nil
	}
	time.Sleep(time.Duration(r.GetResponseSize()) * time.Millisecond)
	call := atomic.AddInt32(&s.calls, 1)
	if code := r.GetResponseStatus().GetCode(); code != 0 && call != 3 {
		return nil, status.Error(codes.Code(code), "as told")
	}
	came, _ := metadata.FromIncomingContext(ctx)
	return &pb.SimpleResponse{Username: s.name, Hostname: strings.Join(came["baggage"], ",")}, nil
}

// FullDuplexCall answers each message as UnaryCall would.
func (s *service) FullDuplexCall(stream pb.TestService_FullDuplexCallServer) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return nil
		}
		answer, err := s.UnaryCall(stream.Context(), &pb.SimpleRequest{})
		if err != nil {
			return err
		}
		said := &pb.StreamingOutputCallResponse{Payload: &pb.Payload{Body: []byte(answer.Username)}}
		if err := stream.Send(said); err != nil {
			return err
		}
	}
}

// result is what a client says of one call.
type result struct{ Served, Code, Text, Baggage string }

func unary(client pb.TestServiceClient, milliseconds, code int32) result {
	answer, err := client.UnaryCall(context.Background(), &pb.SimpleRequest{
		ResponseSize: milliseconds, ResponseStatus: &pb.EchoStatus{Code: code},
	})
	said := result{Served: answer.GetUsername(), Baggage: answer.GetHostname()}
	said.Code, said.Text = status.Code(err).String(), status.Convert(err).Message()
	return said
}

func stream(client pb.TestServiceClient) result {
	stream, err := client.FullDuplexCall(context.Background())
	var answer *pb.StreamingOutputCallResponse
	if err == nil {
		stream.Send(&pb.StreamingOutputCallRequest{})
		answer, err = stream.Recv()
		stream.CloseSend()
	}
	return result{Served: string(answer.GetPayload().GetBody()), Code: status.Code(err).String()}
}

// call makes calls and says what came of each; or calls until one fails.
func call(client pb.TestServiceClient, hows []string) {
	out := json.NewEncoder(os.Stdout)
	for _, how := range hows {
		switch how {
		case "unary":
			out.Encode(unary(client, 0, 0))
		case "slow":
			out.Encode(unary(client, 700, 0))
		case "fails":
			out.Encode(unary(client, 0, int32(codes.Unavailable)))
		case "stream":
			out.Encode(stream(client))
		case "for ever":
			for said := (result{Code: "OK"}); said.Code == "OK"; out.Encode(said) {
				said = unary(client, 20, 0)
			}
		}
	}
}
