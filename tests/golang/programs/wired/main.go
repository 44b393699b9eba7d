// A server and client as the hooks of `fairlead go build` would have made it, by hand: what the
// runtime does beside a program is asked of this one.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	fairlead "fairlead/runtime"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "late" {
		time.Sleep(500 * time.Millisecond)
	}
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	http.Serve(listener, http.HandlerFunc(serve))
}

// serve answers with the lane of its request; ?call=URL with what that app answers.
func serve(w http.ResponseWriter, req *http.Request) {
	if !fairlead.On() {
		io.WriteString(w, "ungoverned")
		return
	}
	r, rejection := fairlead.Begin(req.Context(), &fairlead.Inbound{
		Method: req.Method, Host: req.Host, Path: req.URL.Path, RawQuery: req.URL.RawQuery,
		Remote: req.RemoteAddr, Header: req.Header,
	})
	status := http.StatusOK
	defer func() { r.End(status, -1, false) }()
	if rejection == nil {
		rejection = r.Route(req.URL.Path)
	}
	if rejection != nil {
		status = rejection.Status
		http.Error(w, rejection.Body, status)
		return
	}
	if url := req.URL.Query().Get("call"); url != "" {
		text, err := call(req.WithContext(r), url)
		if err != nil {
			status = http.StatusBadGateway
			http.Error(w, err.Error(), status)
			return
		}
		io.WriteString(w, text)
		return
	}
	if pause, err := time.ParseDuration(req.URL.Query().Get("sleep")); err == nil {
		w.(http.Flusher).Flush() // who asks may see that it is served
		time.Sleep(pause)
	}
	fmt.Fprintf(w, "%s %q", os.Getenv("FAIRLEAD_APP"), fairlead.Lane(r))
}

func call(req *http.Request, url string) (string, error) {
	out, err := http.NewRequestWithContext(req.Context(), "GET", url, nil)
	if err != nil {
		return "", err
	}
	c, rejection := fairlead.Depart(out.Context(), &fairlead.Outbound{
		Method: "GET", Scheme: out.URL.Scheme, Host: out.URL.Host, Path: out.URL.Path,
		Header: out.Header, Again: true,
	})
	if rejection != nil {
		return "", rejection
	}
	if c == nil {
		return send(out)
	}
	defer c.Close()
	for {
		target, more, err := c.Next()
		if err != nil || !more {
			return "", fmt.Errorf("nowhere to go: %w", err)
		}
		if target.Address != "" {
			out.URL.Host = target.Address
		}
		for _, pair := range target.Set {
			out.Header.Set(pair[0], pair[1])
		}
		text, err := send(out)
		if err == nil {
			c.Ended(http.StatusOK, -1, fairlead.NoFault)
			return text, nil
		}
		c.Ended(0, -1, fairlead.Refused)
	}
}

func send(req *http.Request) (string, error) {
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}
