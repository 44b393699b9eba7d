package http

import (
	"context"
	fairlead "index"
	"net"
	"net/url"
	"time"
)

//fairlead:needs Request.ctx context.Context
//fairlead:needs connectMethod.proxyURL *url.URL
//fairlead:needs func valueOrDefault(string, string) string
//fairlead:needs type connectMethod
//fairlead:needs type transportRequest

// aimed returns the request as it is sent to a target.
func (s *fairleadSending) aimed(target fairlead.Target) (*Request, error) {
	to := new(Request)
	*to = *s.request
	to.ctx = s.request.Context()
	if target.Address != "" {
		aim := *to.URL
		to.Host = valueOrDefault(to.Host, aim.Host)
		aim.Host = target.Address
		to.URL = &aim
		to.ctx = &fairleadDirect{to.ctx, time.Duration(target.Connect)}
	}
	if target.Host != "" {
		to.Host = target.Host
	}
	if target.Path != "" {
		if err := fairleadPathOf(to, target.Path); err != nil {
			return nil, err
		}
	}
	if len(target.Set)+len(target.Add)+len(target.Remove) > 0 {
		to.Header = fairleadHeader(to.Header, target)
	}
	return to, nil
}

func fairleadPathOf(to *Request, path string) error {
	parsed, err := url.ParseRequestURI(path)
	if err != nil {
		return err
	}
	aim := *to.URL
	aim.Opaque, aim.Path, aim.RawPath, aim.RawQuery = "", parsed.Path, parsed.RawPath, parsed.RawQuery
	to.URL = &aim
	return nil
}

func fairleadHeader(from Header, target fairlead.Target) Header {
	header := from.Clone()
	for _, name := range target.Remove {
		header.Del(name)
	}
	for _, pair := range target.Set {
		header.Set(pair[0], pair[1])
	}
	for _, pair := range target.Add {
		header.Add(pair[0], pair[1])
	}
	return header
}

// connectMethodForRequest leaves proxies out for an instance that was chosen: its address is one
// within the network, and a proxy would choose for itself.
func (t *Transport) connectMethodForRequest(treq *transportRequest) (connectMethod, error) {
	cm, err := t.fairleadConnectMethodForRequest(treq)
	if t.Proxy != nil && fairleadDirectOf(treq.Request.Context()) != nil {
		cm.proxyURL, err = nil, nil
	}
	return cm, err
}

// dial heeds the time that a rule gives a connection to an instance.
func (t *Transport) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if direct := fairleadDirectOf(ctx); direct != nil && direct.connect > 0 {
		limited, cancel := context.WithTimeout(ctx, direct.connect)
		defer cancel()
		ctx = limited
	}
	return t.fairleadDial(ctx, network, addr)
}

type fairleadDirectKey struct{}

// fairleadDirect is the context of an attempt that goes to an instance.
type fairleadDirect struct {
	context.Context
	connect time.Duration
}

func (c *fairleadDirect) Value(key any) any {
	if _, ours := key.(fairleadDirectKey); ours {
		return c
	}
	return c.Context.Value(key)
}

func fairleadDirectOf(ctx context.Context) *fairleadDirect {
	direct, _ := ctx.Value(fairleadDirectKey{}).(*fairleadDirect)
	return direct
}
