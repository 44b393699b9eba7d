// A server of zrpc, and a client of it: serve ADDRESS NAME [NEXT [HTTP]], or call TARGET HOW...
package main

import (
	"encoding/json"
	"net"
	"os"
	"strings"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
)

// dial reaches the endpoints of a configuration, or its target.
func dial(target string) pb.TestServiceClient {
	said := map[string]interface{}{"Endpoints": strings.Split(target, ",")}
	if strings.Contains(target, "://") {
		said = map[string]interface{}{"Target": target}
	}
	text, _ := json.Marshal(said)
	var c zrpc.RpcClientConf
	logx.Must(conf.LoadFromJsonBytes(text, &c))
	return pb.NewTestServiceClient(zrpc.MustNewClient(c).Conn())
}

func main() {
	if os.Args[1] == "call" {
		logx.Disable()
		call(dial(os.Args[2]), os.Args[3:])
		return
	}
	said := map[string]interface{}{"Name": "cart.rpc", "ListenOn": os.Args[2]}
	if len(os.Args) > 5 {
		host, port, _ := net.SplitHostPort(os.Args[5])
		said["DevServer"] = map[string]interface{}{"Enabled": true, "Host": host, "Port": json.Number(port)}
	}
	text, _ := json.Marshal(said)
	var c zrpc.RpcServerConf
	logx.Must(conf.LoadFromJsonBytes(text, &c))
	served := &service{name: os.Args[3]}
	if len(os.Args) > 4 && os.Args[4] != "" {
		served.next = dial(os.Args[4])
	}
	server := zrpc.MustNewServer(c, func(s *grpc.Server) { pb.RegisterTestServiceServer(s, served) })
	defer server.Stop()
	server.Start()
}
