// A server as somebody else might have written it.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	http.HandleFunc("/greet", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	http.Serve(listener, nil)
}
