// Passing hands requests on by what net/http has for that. It prints where it listens; `passing app` is
// the app that is called.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

const app = "http://orders/"

// echo answers with the label that came; who wants another protocol is answered line by line.
func echo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		io.WriteString(w, r.Header.Get("Baggage"))
		return
	}
	connection, both, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n")
	for lines := bufio.NewScanner(both); lines.Scan(); {
		fmt.Fprintln(connection, r.Header.Get("Baggage"), lines.Text())
	}
}

// called returns what the app answers by a client.
func called(ctx context.Context, client *http.Client) string {
	request, _ := http.NewRequestWithContext(ctx, "GET", app, nil)
	answer, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return string(body)
}

func by(client *http.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, called(r.Context(), client)) }
}

func clients() map[string]*http.Client {
	clone := http.DefaultTransport.(*http.Transport).Clone()
	dialing := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, _ := net.SplitHostPort(address); host != "127.0.0.1" {
			return nil, fmt.Errorf("dialed %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	nowhere, _ := url.Parse("http://127.0.0.1:1")
	return map[string]*http.Client{
		"/clone":   {Transport: clone},
		"/dialing": {Transport: dialing},
		"/proxied": {Transport: &http.Transport{Proxy: http.ProxyURL(nowhere)}},
	}
}

// later calls from timers: one that has been told for whom, and one that has not.
func later(w http.ResponseWriter, r *http.Request) {
	found := make(chan string)
	for _, ctx := range []context.Context{r.Context(), context.Background()} {
		ctx := ctx
		time.AfterFunc(0, func() { found <- called(ctx, http.DefaultClient) })
		fmt.Fprintf(w, "%s;", <-found)
	}
}

// second answers what a server of HTTP/2 does, which is asked twice.
func second(server *httptest.Server) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < 2; i++ {
			request, _ := http.NewRequest("GET", server.URL+"/second", nil)
			request.Header.Set("Baggage", r.Header.Get("Baggage"))
			answer, err := server.Client().Do(request)
			if err != nil {
				panic(err)
			}
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			fmt.Fprintf(w, "%s %d %s;", answer.Proto, answer.StatusCode, body)
		}
	}
}

func main() {
	mux := http.NewServeMux()
	if len(os.Args) > 1 {
		mux.HandleFunc("/", echo)
	} else {
		to, _ := url.Parse(app)
		mux.Handle("/proxy/", http.StripPrefix("/proxy", httputil.NewSingleHostReverseProxy(to)))
		for path, client := range clients() {
			mux.Handle(path, by(client))
		}
		mux.HandleFunc("/later", later)
		mux.Handle("/timed", http.TimeoutHandler(by(http.DefaultClient), time.Minute, "late"))
		server := httptest.NewUnstartedServer(by(http.DefaultClient))
		server.EnableHTTP2 = true
		server.StartTLS()
		mux.HandleFunc("/both", second(server))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, mux))
}
