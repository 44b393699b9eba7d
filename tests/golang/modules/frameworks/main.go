// Servers of two frameworks that bring clients of their own; or one of them.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	kratos "github.com/go-kratos/kratos/v2/transport/http"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/rest/httpc"
)

type echo struct {
	Label string `json:"label"`
}

func kratosRoutes() http.Handler {
	server := kratos.NewServer(kratos.Timeout(30 * time.Second))
	routes := server.Route("/")
	routes.GET("/users/{id}", func(ctx kratos.Context) error { return ctx.String(200, "handled") })
	routes.GET("/call", func(ctx kratos.Context) error {
		client, err := kratos.NewClient(ctx, kratos.WithEndpoint("http://orders"))
		if err != nil {
			return err
		}
		defer client.Close()
		var found echo
		if err := client.Invoke(ctx, "GET", "/echo", nil, &found); err != nil {
			return err
		}
		return ctx.String(200, found.Label)
	})
	return server
}

func goZeroRoutes(port int) *rest.Server {
	conf := rest.RestConf{Host: "127.0.0.1", Port: port, Timeout: 30_000, MaxConns: 100}
	conf.Middlewares.Recover = true
	conf.Middlewares.Timeout = true
	server := rest.MustNewServer(conf)
	server.AddRoutes([]rest.Route{
		{Method: "GET", Path: "/users/:id", Handler: func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "handled") }},
		{Method: "GET", Path: "/call", Handler: func(w http.ResponseWriter, r *http.Request) {
			answer, err := httpc.Do(r.Context(), "GET", "http://orders/echo", nil)
			if err != nil {
				http.Error(w, err.Error(), 500)
				return
			}
			defer answer.Body.Close()
			var found echo
			json.NewDecoder(answer.Body).Decode(&found)
			io.WriteString(w, found.Label)
		}},
	})
	return server
}

func main() {
	logx.Disable()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	address := listener.Addr().String()
	if os.Args[1] == "kratos" {
		fmt.Println(address)
		panic(http.Serve(listener, kratosRoutes()))
	}
	listener.Close() // go-zero listens by itself
	server := goZeroRoutes(listener.Addr().(*net.TCPAddr).Port)
	fmt.Println(address)
	server.Start()
}
