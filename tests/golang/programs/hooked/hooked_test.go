// Package hooked is what somebody writes who knows nothing of an agent: the agent is in it when it is
// built, and INSTANCES are the addresses of an app "orders", the first of which refuses connections.
package hooked

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
)

// orders listens at the second address and answers with what it was sent.
func orders(t *testing.T) {
	_, address, _ := strings.Cut(os.Getenv("INSTANCES"), ",")
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Label", r.Header.Get("Baggage"))
		io.WriteString(w, r.Host+" "+r.URL.RequestURI()+" "+string(body))
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
}

func text(t *testing.T, response *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return string(body)
}

type once struct {
	io.Reader
	closed int
}

func (o *once) Close() error { o.closed++; return nil }

func TestABodyThatCannotBeSentTwiceGoesToWhoTakesIt(t *testing.T) {
	orders(t)
	for i := 0; i < 4; i++ {
		body := &once{Reader: strings.NewReader("the body")}
		request, _ := http.NewRequest("POST", "http://orders/x?y=1", body)
		header := request.Header.Clone()
		response, err := http.DefaultClient.Do(request)
		if got := text(t, response, err); got != "orders /x?y=1 the body" {
			t.Error(got)
		}
		if response.Request.URL.Host != "orders" || request.Host != "orders" || len(request.Header) != len(header) {
			t.Error("the request was changed", response.Request.URL, request.Host, request.Header)
		}
		if body.closed == 0 {
			t.Error("nobody has closed the body")
		}
	}
}

func TestABodyOfACallThatNobodyTakesIsClosed(t *testing.T) {
	body := &once{Reader: strings.NewReader("x")}
	if _, err := http.Post("http://orders/", "text/plain", body); err == nil {
		t.Error("nobody listens there")
	}
	if body.closed == 0 {
		t.Error("nobody has closed the body")
	}
}

func TestABodyIsSentAgain(t *testing.T) {
	orders(t)
	for i := 0; i < 4; i++ {
		response, err := http.Post("http://orders/", "text/plain", bytes.NewReader([]byte("again")))
		if got := text(t, response, err); got != "orders / again" {
			t.Error(got)
		}
	}
}

func TestNoProxyIsAskedForAnInstance(t *testing.T) {
	orders(t)
	proxy := func(*http.Request) (*url.URL, error) { return url.Parse("http://127.0.0.1:1") }
	client := &http.Client{Transport: &http.Transport{Proxy: proxy}}
	response, err := client.Get("http://orders/")
	if got := text(t, response, err); got != "orders / " {
		t.Error(got)
	}
	if _, err := client.Get("http://example.invalid/"); err == nil || !strings.Contains(err.Error(), "proxyconnect") && !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Error("somebody else is reached by the proxy", err)
	}
}

func TestWhatIsEncryptedIsLeftAlone(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host+r.Header.Get("Baggage"))
	}))
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return net.Dial(network, server.Listener.Addr().String())
	}
	client.Transport.(*http.Transport).TLSClientConfig.ServerName = "example.com"
	response, err := client.Get("https://orders/")
	if got := text(t, response, err); got != "orders" {
		t.Error(got)
	}
}

func TestALabelGoesOnThroughGoroutines(t *testing.T) {
	orders(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found := make(chan string)
		go func() {
			response, err := http.Get("http://orders/")
			if err != nil {
				found <- err.Error()
				return
			}
			response.Body.Close()
			found <- response.Header.Get("Label")
		}()
		io.WriteString(w, <-found)
	}))
	defer server.Close()
	for label, want := range map[string]string{"gray": "x-opensergo-traffic=gray", "": ""} {
		request, _ := http.NewRequest("GET", server.URL, nil)
		if label != "" {
			request.Header.Set("Baggage", "x-opensergo-traffic="+label)
		}
		response, err := http.DefaultClient.Do(request)
		if got := text(t, response, err); got != want {
			t.Errorf("%q: %q", label, got)
		}
	}
}

func TestWritersAreWhatTheyWere(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, flushes := w.(http.Flusher)
		_, hijacks := w.(http.Hijacker)
		_, reads := w.(io.ReaderFrom)
		if !flushes || !hijacks || !reads {
			t.Error("a writer has lost something")
		}
		connection, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		buffer.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntaken")
		buffer.Flush()
	}))
	defer server.Close()
	response, err := http.Get(server.URL)
	if got := text(t, response, err); got != "taken" {
		t.Error(got)
	}
}

func status(t *testing.T, client *http.Client, url string) int {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestARuleHoldsByHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/second")
	if err != nil || response.ProtoMajor != 2 {
		t.Fatal(response, err)
	}
	if response.Body.Close(); response.StatusCode != 404 {
		t.Error(response.Status)
	}
	if got := status(t, server.Client(), server.URL+"/second"); got != 429 {
		t.Error(got)
	}
	_ = tls.VersionTLS13
}

func TestAPanicIsTheServers(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	server.Start()
	defer server.Close()
	for i := 0; i < 3; i++ {
		if _, err := http.Get(server.URL); err == nil {
			t.Error("it is answered")
		}
	}
}
