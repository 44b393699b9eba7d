package hooked

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
)

// sockets listens where calls have a minute; each connection is answered by answer, with a number.
func sockets(t *testing.T, answer func(number int, from *bufio.Reader, to *net.TCPConn)) {
	listener, err := net.Listen("tcp", os.Getenv("SOCKETS"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for number := 1; ; number++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func(number int) {
				defer conn.Close()
				answer(number, bufio.NewReader(conn), conn.(*net.TCPConn))
			}(number)
		}
	}()
}

// A connection that has changed its protocol is the application's, though a rule gives the call a time:
// what its kind can do, and until when.
func TestAConnectionThatChangesItsProtocolIsAsItWas(t *testing.T) {
	sockets(t, func(_ int, from *bufio.Reader, to *net.TCPConn) {
		if _, err := http.ReadRequest(from); err != nil {
			return
		}
		io.WriteString(to, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(to, from)
	})
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	kinds := map[string]bool{}
	for _, host := range []string{"sockets", os.Getenv("SOCKETS")} {
		request, _ := http.NewRequest("GET", "http://"+host+"/", nil)
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", "echo")
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		kinds[fmt.Sprintf("%T", response.Body)] = true
		both, ok := response.Body.(io.ReadWriteCloser)
		if !ok {
			t.Fatalf("%s: a %T", host, response.Body)
		}
		heard := make([]byte, 5)
		io.WriteString(both, "hello")
		if _, err := io.ReadFull(both, heard); err != nil || string(heard) != "hello" {
			t.Errorf("%s: %q, %v", host, heard, err)
		}
		both.Close()
	}
	if len(kinds) != 1 {
		t.Error("with the agent it is another kind of connection than without", kinds)
	}
}

// A body that somebody has read of is sent to nobody else: the caller gets the error that it gets of a
// Transport.
func TestABodyThatWasBegunIsNotSentAgain(t *testing.T) {
	sockets(t, func(number int, from *bufio.Reader, to *net.TCPConn) {
		request, err := http.ReadRequest(from)
		if err != nil {
			return
		}
		io.Copy(io.Discard, request.Body)
		io.WriteString(to, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		if _, err := http.ReadRequest(from); err != nil { // and then nothing comes of it
			return
		}
	})
	for i := 0; i < 8; i++ {
		transport := &http.Transport{}
		client := &http.Client{Transport: transport}
		response, err := client.Get("http://sockets/")
		text(t, response, err)
		request, _ := http.NewRequest("PUT", "http://sockets/", &once{Reader: strings.NewReader("a body")})
		_, err = client.Do(request)
		if err == nil || strings.Contains(err.Error(), "fairlead") {
			t.Errorf("by a connection that is dead: %v", err)
		}
		transport.CloseIdleConnections()
	}
}
