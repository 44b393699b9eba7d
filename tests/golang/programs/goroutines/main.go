// A program that calls itself, from goroutines of every kind. It prints where it listens.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

var echo string

// label returns the baggage that a call carries.
func label(ctx context.Context) string {
	request, err := http.NewRequestWithContext(ctx, "GET", echo, nil)
	if err != nil {
		return err.Error()
	}
	return sent(http.DefaultClient.Do(request))
}

func sent(answer *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return string(body)
}

func answerEcho(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Header.Get("Baggage")) }

func plain(w http.ResponseWriter, r *http.Request) { io.WriteString(w, sent(http.Get(echo))) }

func child(w http.ResponseWriter, r *http.Request) {
	found := make(chan string)
	go func() {
		go func() { found <- sent(http.Get(echo)) }()
	}()
	io.WriteString(w, <-found)
}

type item struct {
	ctx  context.Context
	done chan string
}

var (
	items = make(chan item)
	first sync.Once
)

// pool hands work to goroutines that the first request has started.
func pool(w http.ResponseWriter, r *http.Request) {
	first.Do(func() {
		for i := 0; i < 4; i++ {
			go func() {
				for one := range items {
					one.done <- label(one.ctx)
				}
			}()
		}
	})
	one := item{r.Context(), make(chan string)}
	items <- one
	io.WriteString(w, <-one.done)
}

var (
	lock sync.Mutex
	left []string
)

// leave starts a goroutine that goes on when the request is over.
func leave(w http.ResponseWriter, r *http.Request) {
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			found := sent(http.Get(echo))
			lock.Lock()
			left = append(left, found)
			lock.Unlock()
		}
	}()
}

func seen(w http.ResponseWriter, r *http.Request) {
	lock.Lock()
	defer lock.Unlock()
	io.WriteString(w, strings.Join(left, "\n"))
}

// slow is answered by its server before its handler is.
func slow(w http.ResponseWriter, r *http.Request) {
	found := label(r.Context())
	time.Sleep(20 * time.Millisecond)
	io.WriteString(w, found)
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", answerEcho)
	mux.HandleFunc("/plain", plain)
	mux.HandleFunc("/child", child)
	mux.HandleFunc("/pool", pool)
	mux.HandleFunc("/leave", leave)
	mux.HandleFunc("/seen", seen)
	mux.Handle("/slow/", http.TimeoutHandler(http.HandlerFunc(slow), 10*time.Millisecond, "late"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	echo = "http://" + listener.Addr().String() + "/echo"
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, mux))
}
