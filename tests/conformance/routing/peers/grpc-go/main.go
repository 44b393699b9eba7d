// A program that calls services of gRPC, as it is told a line at a time: see ../grpc_caller.py.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds"
)

type told struct {
	Target, Authority, Method string
	Metadata                  [][2]string
	Deadline                  float64
}

type answer struct {
	Code     string      `json:"code"`
	Body     string      `json:"body"`
	Details  string      `json:"details"`
	Headers  [][2]string `json:"headers"`
	Trailers [][2]string `json:"trailers"`
}

// plain is a codec of bytes that are what they are.
type plain struct{}

func (plain) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (plain) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }
func (plain) Name() string                       { return "plain" }

var names = map[string]string{"Canceled": "CANCELLED", "OK": "OK"}

// name returns a code in the words of the other languages: DeadlineExceeded is DEADLINE_EXCEEDED.
func name(code string) string {
	if found, known := names[code]; known {
		return found
	}
	var words strings.Builder
	for at, letter := range code {
		if at > 0 && letter >= 'A' && letter <= 'Z' {
			words.WriteByte('_')
		}
		words.WriteRune(letter)
	}
	return strings.ToUpper(words.String())
}

func pairs(found metadata.MD) [][2]string {
	all := [][2]string{}
	for name, values := range found {
		for _, value := range values {
			all = append(all, [2]string{name, value})
		}
	}
	return all
}

func once(connections map[string]*grpc.ClientConn, one told) answer {
	key := one.Target + " " + one.Authority
	if connections[key] == nil {
		options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
		if one.Authority != "" {
			options = append(options, grpc.WithAuthority(one.Authority))
		}
		made, err := grpc.NewClient(one.Target, options...)
		if err != nil {
			return answer{Code: "INVALID_ARGUMENT", Details: err.Error(), Headers: pairs(nil), Trailers: pairs(nil)}
		}
		connections[key] = made
	}
	limit := time.Duration(one.Deadline * float64(time.Second))
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for _, pair := range one.Metadata {
		ctx = metadata.AppendToOutgoingContext(ctx, pair[0], pair[1])
	}
	var header, trailer metadata.MD
	var sent, got []byte
	err := connections[key].Invoke(ctx, one.Method, &sent, &got,
		grpc.ForceCodec(plain{}), grpc.Header(&header), grpc.Trailer(&trailer))
	found := status.Convert(err)
	return answer{name(found.Code().String()), string(got), found.Message(), pairs(header), pairs(trailer)}
}

func main() {
	connections := map[string]*grpc.ClientConn{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var one told
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		if err := out.Encode(once(connections, one)); err != nil {
			panic(err)
		}
	}
}
