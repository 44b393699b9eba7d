// A server of HTTP/1 and h2c that calls app "orders" by clients of some modules; "orders" is one of it too.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"

	coder "github.com/coder/websocket"
	"github.com/go-resty/resty/v2"
	gorilla "github.com/gorilla/websocket"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

var direct = &http.Client{Transport: &http2.Transport{
	AllowHTTP: true,
	DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	},
}}

var again = resty.New().SetBaseURL("http://orders").SetRetryCount(2).AddRetryCondition(
	func(answer *resty.Response, err error) bool {
		return answer.StatusCode() == http.StatusServiceUnavailable
	})

// calls return the label that the other side has seen.
var calls = map[string]func(context.Context) (string, error){
	"net-http": func(context.Context) (string, error) { return body(http.Get("http://orders/echo")) },
	"h2c": func(ctx context.Context) (string, error) {
		request, _ := http.NewRequestWithContext(ctx, "GET", "http://orders/echo", nil)
		return body(direct.Do(request))
	},
	"resty": func(ctx context.Context) (string, error) {
		answer, err := again.R().SetContext(ctx).Get("/echo")
		if err != nil {
			return "", err
		}
		return answer.String(), nil
	},
	"gorilla": func(ctx context.Context) (string, error) {
		conn, answer, err := gorilla.DefaultDialer.DialContext(ctx, "ws://orders/echo", http.Header{"X-Own": {"1"}})
		if answer != nil && err != nil {
			return answer.Status, err
		}
		if err != nil {
			return "", err
		}
		defer conn.Close()
		_, text, err := conn.ReadMessage()
		return string(text), err
	},
	"coder": func(ctx context.Context) (string, error) {
		conn, _, err := coder.Dial(ctx, "ws://orders/echo", nil)
		if err != nil {
			return "", err
		}
		defer conn.Close(coder.StatusNormalClosure, "")
		_, text, err := conn.Read(ctx)
		return string(text), err
	},
}

func body(answer *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

func echo(w http.ResponseWriter, r *http.Request) {
	label := r.Header.Get("baggage")
	if !gorilla.IsWebSocketUpgrade(r) {
		fmt.Fprint(w, label)
		return
	}
	conn, err := new(gorilla.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.WriteMessage(gorilla.TextMessage, []byte(label))
	conn.ReadMessage()
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/fails", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/panics", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for name, call := range calls {
		call := call
		mux.HandleFunc("/call/"+name, func(w http.ResponseWriter, r *http.Request) {
			label, err := call(r.Context())
			if err != nil {
				label += " " + err.Error()
				w.WriteHeader(http.StatusBadGateway)
			}
			fmt.Fprint(w, label)
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	http.Serve(listener, h2c.NewHandler(mux, new(http2.Server)))
}
