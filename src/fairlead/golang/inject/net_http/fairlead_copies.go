package http

import (
	"context"
	fairlead "index"
	"io"
	"net/url"
	"strings"
	"time"
)

//fairlead:needs Request.ctx context.Context
//fairlead:needs func (*Request) closeBody() error

// Copies of calls are sent beside them (fairlead.instruments.mirroring): nobody waits for the answers,
// and where too many are under way, or the other side is away, a copy is lost and the call is not.
const (
	fairleadMostCopies = 256
	fairleadCopyTime   = 5 * time.Second
	fairleadCopyLength = 1 << 20 // bytes of a body that is copied at most, and of an answer that is read
)

var fairleadCopying = make(chan struct{}, fairleadMostCopies)

func (s *fairleadSending) copies(target fairlead.Target) {
	if s.request.ContentLength > fairleadCopyLength {
		return
	}
	for _, address := range target.Copies {
		if request := s.copied(target, address); request != nil {
			fairleadCopy(s.by, request)
		}
	}
}

// copied returns what is sent to an instance once more, nil where there is no second body.
func (s *fairleadSending) copied(target fairlead.Target, address string) *Request {
	target.Address = address
	request, err := s.aimed(target)
	if err != nil {
		return nil
	}
	if request.Body != nil && request.Body != NoBody {
		if request.GetBody == nil {
			return nil
		}
		if request.Body, err = request.GetBody(); err != nil {
			return nil
		}
	}
	request.Host = fairleadShadow(request.Host)
	return request
}

func fairleadCopy(by fairleadSender, request *Request) {
	select {
	case fairleadCopying <- struct{}{}:
	default:
		request.closeBody()
		return
	}
	go func() {
		defer func() {
			if broken := recover(); broken != nil {
				fairlead.Broken("copy", broken)
			}
			<-fairleadCopying
		}()
		// Not the call's own: that may end first, and its traces are of what the application sent.
		ctx, cancel := context.WithTimeout(context.Background(), fairleadCopyTime)
		defer cancel()
		request.ctx = &fairleadDirect{Context: ctx}
		if answer, err := by.fairleadRoundTrip(request); err == nil {
			io.CopyN(io.Discard, answer.Body, fairleadCopyLength)
			answer.Body.Close()
		}
	}()
}

// fairleadShadow returns the host of a copy: orders-shadow, before the port where there is one.
func fairleadShadow(host string) string {
	name := (&url.URL{Host: host}).Hostname()
	if strings.HasPrefix(host, "[") {
		name = "[" + name + "]"
	}
	return name + "-shadow" + host[len(name):]
}
