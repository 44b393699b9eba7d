package websocket

import (
	"context"
	"net"
	"net/http"
	"net/url"
	_ "unsafe" // for go:linkname
)

//go:linkname fairleadHook index.flatHook
func fairleadHook(path, version string)

//go:linkname fairleadOn index.flatOn
func fairleadOn(path string) bool

//go:linkname fairleadSendBy net/http.fairleadSendBy
var fairleadSendBy func(by interface{}, req *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error)

func init() { fairleadHook(fairleadPath, fairleadVersion) }

// DialContext opens a connection by a request of HTTP, which is a call as any other until it is answered.
func (d *Dialer) DialContext(ctx context.Context, urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	u, err := url.Parse(urlStr)
	if d == nil || err != nil || u.Scheme != "ws" || u.Host == "" || fairleadSendBy == nil || !fairleadOn(fairleadPath) {
		return d.fairleadDialContext(ctx, urlStr, requestHeader)
	}
	called := *u
	called.Scheme = "http"
	req, err := http.NewRequest("GET", called.String(), nil)
	if err != nil {
		return d.fairleadDialContext(ctx, urlStr, requestHeader)
	}
	if requestHeader != nil {
		req.Header = requestHeader
		if host := requestHeader["Host"]; len(host) > 0 {
			req.Host = host[0]
		}
	}
	var conn *Conn
	answer, err := fairleadSendBy(nil, req.WithContext(ctx), func(to *http.Request) (answer *http.Response, err error) {
		conn, answer, err = d.fairleadAimed(u, to)
		return answer, err
	})
	if err == nil && conn == nil { // a rule has answered
		err = ErrBadHandshake
	}
	if err != nil {
		return nil, answer, err
	}
	return conn, answer, nil
}

// fairleadAimed opens a connection to the instance that was chosen, if one was, by what the request has
// become.
func (d *Dialer) fairleadAimed(u *url.URL, to *http.Request) (*Conn, *http.Response, error) {
	aim := *to.URL
	aim.Scheme, aim.Host, aim.User = u.Scheme, u.Host, u.User
	dialer := *d
	header := to.Header
	if instance := to.URL.Host; instance != u.Host {
		dialer.Proxy = nil
		dialer.NetDial = nil
		dialer.NetDialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return d.fairleadDial(ctx, network, instance)
		}
	}
	if to.Host != "" && to.Host != u.Host {
		header = header.Clone()
		header.Set("Host", to.Host)
	}
	return dialer.fairleadDialContext(to.Context(), aim.String(), header)
}

func (d *Dialer) fairleadDial(ctx context.Context, network, address string) (net.Conn, error) {
	switch {
	case d.NetDialContext != nil:
		return d.NetDialContext(ctx, network, address)
	case d.NetDial != nil:
		return d.NetDial(network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}
