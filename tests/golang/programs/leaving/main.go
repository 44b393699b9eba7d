// A server of net/http that knows nothing of fairlead. "own" hears SIGTERM and SIGINT itself, as most
// do, and takes its time when it has shut down; "once" hears one of them, and serves on. "several"
// has a server for something else beside it. "late" and "late-own" accept one connection only before
// they are told to end.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	other, err := net.Listen("tcp", "127.0.0.1:0") // of nobody who is called
	if err != nil {
		panic(err)
	}
	defer other.Close()
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		panic(err)
	}
	last, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer last.Close()
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if pause, err := time.ParseDuration(req.URL.Query().Get("sleep")); err == nil {
			w.(http.Flusher).Flush() // who asks may see that it is served
			time.Sleep(pause)
		}
		fmt.Fprint(w, "served")
	})}
	if os.Args[1] == "several" {
		go http.Serve(other, nil)
	}
	if strings.HasPrefix(os.Args[1], "late") {
		acceptOne(server, listener)
	}
	if os.Args[1] != "own" && os.Args[1] != "once" && os.Args[1] != "late-own" {
		fmt.Println("the server ended:", server.Serve(listener))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	go func() { fmt.Println("the server ended:", server.Serve(listener)) }()
	<-ctx.Done()
	stop()
	if os.Args[1] == "once" {
		select {}
	}
	if os.Args[1] == "late-own" {
		go server.Shutdown(context.Background()) // from two places at once
	}
	server.Shutdown(context.Background())
	time.Sleep(1500 * time.Millisecond)
	fmt.Println("all is put away")
	os.Exit(3)
}

// acceptOne has others wait from the first connection on until the server's socket is closed.
func acceptOne(server *http.Server, listener net.Listener) {
	socket, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		panic(err)
	}
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state != http.StateNew {
			return
		}
		fmt.Println("accepted")
		for socket.Control(func(uintptr) {}) == nil {
			time.Sleep(time.Millisecond)
		}
	}
}
