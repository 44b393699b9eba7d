// The entry: a kratos server that passes /a on to A and /b on to B, and says hello by itself.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/go-kratos/kratos/v2"
	"github.com/go-kratos/kratos/v2/transport/http"
)

func main() {
	port := flag.Int("port", 8000, "where to listen")
	flag.Parse()

	server := http.NewServer(
		http.Address(fmt.Sprintf("127.0.0.1:%d", *port)),
		http.Timeout(10*time.Second),
	)
	server.Route("/").GET("/greet1a", func(ctx http.Context) error {
		return ctx.String(200, "hello")
	})
	for _, app := range []string{"a", "b"} {
		server.HandlePrefix("/"+app, httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: app}))
	}

	if err := kratos.New(kratos.Name("entry"), kratos.Server(server)).Run(); err != nil {
		log.Fatal(err)
	}
}
