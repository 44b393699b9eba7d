// A answers with its version and with what is below it. It asks B in each of the ways that Go
// programs do.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

var name = "A" + os.Getenv("VERSION")

// fresh opens a connection for each request.
var fresh = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

type ask func(ctx context.Context, url string) (*http.Response, error)

func plain(_ context.Context, url string) (*http.Response, error) {
	return http.Get(url)
}

func withContext(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}

func inChild(_ context.Context, url string) (response *http.Response, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		response, err = http.Get(url)
	}()
	<-done
	return response, err
}

func anew(_ context.Context, url string) (*http.Response, error) {
	return fresh.Get(url)
}

// below answers with what B says when it is asked in one of the ways.
func below(way ask) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, err := read(way(r.Context(), "http://b/b"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, name+"→"+text)
	}
}

func read(response *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("B answers %s: %s", response.Status, body)
	}
	return string(body), err
}

func main() {
	port := flag.Int("port", 8001, "where to listen")
	flag.Parse()

	mux := http.NewServeMux()
	mux.HandleFunc("/a", below(plain))
	mux.HandleFunc("/a/context", below(withContext))
	mux.HandleFunc("/a/child", below(inChild))
	mux.HandleFunc("/a/fresh", below(anew))
	log.Fatal(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", *port), logged(mux)))
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &status{w, http.StatusOK}
		next.ServeHTTP(seen, r)
		log.Printf("%q %d", r.Method+" "+r.URL.Path+" "+r.Proto, seen.code)
	})
}
