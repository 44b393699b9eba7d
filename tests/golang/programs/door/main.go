// Door is busy all the time, and has connections taken over. It prints where it listens.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

// stay answers once its client has gone.
func stay(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// stream has begun its answer, and goes on until its client has gone.
func stream(w http.ResponseWriter, r *http.Request) {
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// hold takes its connection over until its client has gone.
func hold(w http.ResponseWriter, r *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n")
	io.Copy(io.Discard, conn)
}

func main() {
	go func() {
		for {
		}
	}()
	http.HandleFunc("/work", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/stay", stay)
	http.HandleFunc("/stream", stream)
	http.HandleFunc("/hold", hold)
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	http.Serve(listener, nil)
}
