package http

import (
	"errors"
	fairlead "index"
	"io"
	"net"
	"strconv"
	"strings"
)

//fairlead:needs Request.ctx context.Context
//fairlead:needs func (*Request) closeBody() error
//fairlead:needs func valueOrDefault(string, string) string
//fairlead:needs type nothingWrittenError
//fairlead:needs type transportReadFromServerError
//fairlead:needs var errServerClosedIdle

// RoundTrip is what every call comes by that a Transport sends.
func (t *Transport) RoundTrip(req *Request) (*Response, error) {
	if !fairlead.OnFor(fairleadPath) || req.URL == nil || req.Header == nil {
		return t.fairleadRoundTrip(req)
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return t.fairleadRoundTrip(req)
	}
	return fairleadSend(t, req)
}

// fairleadSender is what sends an attempt.
type fairleadSender interface {
	fairleadRoundTrip(req *Request) (*Response, error)
}

func fairleadSend(by fairleadSender, req *Request) (*Response, error) {
	call, rejection := fairlead.Depart(req.Context(), &fairlead.Outbound{
		Method:    valueOrDefault(req.Method, "GET"),
		Scheme:    req.URL.Scheme,
		Host:      req.URL.Host,
		Authority: req.Host,
		Path:      req.URL.EscapedPath(),
		RawQuery:  req.URL.RawQuery,
		Header:    req.Header,
		Again:     req.Body == nil || req.Body == NoBody || req.GetBody != nil,
	})
	if rejection != nil {
		req.closeBody()
		if call != nil {
			call.Close()
		}
		if rejection.Answers {
			return fairleadAnswer(req, rejection), nil
		}
		return nil, rejection
	}
	if call == nil {
		return by.fairleadRoundTrip(req)
	}
	defer call.Close()
	sending := fairleadSending{by: by, request: req, call: call}
	defer sending.close()
	return sending.send()
}

// fairleadSending is one call, of however many attempts. The application's request stays as it is.
type fairleadSending struct {
	by       fairleadSender
	request  *Request
	call     *fairlead.Call
	body     *fairleadBody // of a request that can be sent once, after its first attempt
	attempts int
}

func (s *fairleadSending) send() (answer *Response, failure error) {
	for {
		target, more, err := s.call.Next()
		if err == nil && !more && s.attempts > 0 {
			return s.arrived(answer), failure
		}
		if answer != nil {
			answer.Body.Close()
		}
		if err != nil {
			return nil, err
		}
		if len(target.Copies) > 0 {
			s.copies(target)
		}
		if target.Answer != nil {
			return s.arrived(fairleadAnswer(s.request, target.Answer)), nil
		}
		request, err := s.aimed(target)
		if err == nil {
			err = s.give(request)
		}
		if err != nil {
			if failure != nil {
				err = failure // there is no other attempt: the caller gets what a Transport says
			}
			return nil, err
		}
		var fault fairlead.Fault
		answer, fault, failure = s.attempt(request, target)
		status := 0
		if answer != nil {
			status = answer.StatusCode
		}
		s.call.Ended(status, -1, fault)
	}
}

func (s *fairleadSending) arrived(answer *Response) *Response {
	if answer != nil && answer.Header != nil {
		s.call.Arrived(answer.Header)
	}
	return answer
}

// attempt sends a request; it is given up at its deadline, and the reading of its answer at that of
// the call.
func (s *fairleadSending) attempt(request *Request, target fairlead.Target) (*Response, fairlead.Fault, error) {
	s.attempts++
	limits := fairleadLimits{ctx: request.ctx}
	limits.keep(target)
	request.ctx = limits.ctx
	answer, err := s.by.fairleadRoundTrip(request)
	if answer == nil {
		fault := limits.fault(err)
		limits.end()
		if (fault == fairlead.Refused || fault == fairlead.Dropped) && s.body != nil && s.body.spent() {
			fault = fairlead.Reset // nobody can be sent what is left of it
		}
		return nil, fault, err
	}
	limits.arrived()
	answer.Request = s.request
	switch {
	case limits.done == nil:
	case answer.StatusCode == StatusSwitchingProtocols:
		limits.end() // the connection is the application's, as it is
	default:
		answer.Body = &fairleadTimed{answer.Body, limits.end}
	}
	return answer, fairleadFault(err), err
}

// give gives an attempt its body. A Transport closes what it could not send: of a body that there is
// no second one of, it is given one that stays open until somebody has read of it.
func (s *fairleadSending) give(to *Request) (err error) {
	switch {
	case to.Body == nil || to.Body == NoBody:
	case to.GetBody != nil:
		if s.attempts > 0 {
			to.Body, err = to.GetBody()
		}
	default:
		if s.body == nil {
			s.body = &fairleadBody{body: to.Body}
		}
		reader := s.body.next()
		if reader == nil {
			return errors.New("fairlead: the body was sent, and there is no second one (GetBody)")
		}
		to.Body = reader
	}
	return err
}

// close closes what nobody else will: the caller of a RoundTripper leaves that to it.
func (s *fairleadSending) close() {
	if s.body != nil {
		s.body.finish()
	} else if s.attempts == 0 {
		s.request.closeBody()
	}
}

// fairleadFault tells how much the other side can have seen.
func fairleadFault(err error) fairlead.Fault {
	if err == nil {
		return fairlead.NoFault
	}
	var op *net.OpError
	var unsent nothingWrittenError
	dialed := errors.As(err, &op) && op.Op == "dial"
	if dialed || errors.As(err, &unsent) {
		return fairlead.Refused
	}
	if errors.Is(err, errServerClosedIdle) {
		return fairlead.Dropped
	}
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		return fairlead.Timeout
	}
	var read transportReadFromServerError
	if op != nil || errors.As(err, &read) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fairlead.Reset
	}
	return fairlead.Other
}

// fairleadAnswer is what a rule answers in the place of an app.
func fairleadAnswer(req *Request, says *fairlead.Rejection) *Response {
	header := make(Header, len(says.Header))
	for _, pair := range says.Header {
		header.Add(pair[0], pair[1])
	}
	return &Response{
		Status:        strconv.Itoa(says.Status) + " " + StatusText(says.Status),
		StatusCode:    says.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(strings.NewReader(says.Body)),
		ContentLength: int64(len(says.Body)),
		Request:       req,
	}
}
