package fairlead

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Outbound is what the hook of a client knows of a call. It does not escape.
type Outbound struct {
	GRPC      bool
	Method    string
	Scheme    string
	Host      string // who is to be looked up, with the port where one was written
	Authority string // who is asked for, where the application says that it is another
	Path      string // as it is sent, percent-encoded; of gRPC /package.Service/Method
	RawQuery  string
	Header    map[string][]string // as with Inbound; only read
	Message   any                 // as with Inbound
	Again     bool                // whether what is sent can be sent twice: there is no body, or GetBody
}

// Call is one call to somebody, of however many attempts. The hook asks Next for somewhere to send
// it to and tells Ended what came of it, until Next says that there is nowhere else.
type Call struct {
	ctx     context.Context
	out     Outbound
	plan    *plan
	request *Request // that it is made for; nil for none, or one that is over
	callee  *callee  // nil for who is no app of ours
	lane    string
	began   int64
	entry   entry
	meter   *meter
	closed  bool

	state    callState
	order    []*endpoint // endpoints that it may be sent to, the first one first
	position int
	target   *endpoint
	standIn  *endpoint // that repeats a call whose kept connection has died
	sent     int       // attempts that were made
	last     ended
	way      *passage // what rules about calls have to do for it, nil for nothing

	orderRoom [8]*endpoint
	set       [4][2]string
	remove    [2]string
}

type callState int

const (
	callFresh callState = iota
	callFirst           // the endpoints of its order are tried one after the other
	callAgain           // its kept connection has died
	callOver
)

// ended is what came of an attempt.
type ended struct {
	fault        Fault
	status, grpc int
	answered     bool // by a rule, in the place of an instance
	injected     bool // by a rule, in the place of a failure
	gone         bool // whoever waited does not any more
	cut          bool // its request's time was over: that says nothing about an instance
}

func (e *ended) failed() bool { return e.fault != NoFault && !e.gone }

// Target is where one attempt goes.
type Target struct {
	Address  string      // host:port of an instance; "" where the host is nobody we know: sent as it is
	Host     string      // authority to send, "" as the application wrote it
	Path     string      // path and query to send, "" as the application wrote them
	Set      [][2]string // headers to set
	Add      [][2]string // headers to add
	Remove   []string    // headers to take away, before others are set and added
	Deadline int64       // unix nanoseconds when this attempt is given up without an answer, 0 for never
	Whole    int64       // the same of the call: when the reading of its answer is
	Connect  int64       // nanoseconds that a connection may take, 0 for the client's own time
	Answer   *Rejection  // a rule answers in the place of the app: nothing is to be sent
	Copies   []string    // host:port of instances that are sent a copy each, whose answer nobody waits for
}

// Fault is how much of a failed attempt the other side can have seen (fairlead.flow.call.Fault).
type Fault int

const (
	NoFault Fault = iota
	Refused       // no connection: nothing was sent
	Dropped       // a pooled connection died before a byte came back
	Reset         // it broke after something was sent
	Timeout       // nobody answered in time
	Other
)

// Depart begins a call for the work of ctx, or says that a rule turns it away. It returns nil, nil
// where there is nothing to do for it: it is sent as it is.
func Depart(ctx context.Context, out *Outbound) (call *Call, rejection *Rejection) {
	defer func() {
		if err := recover(); err != nil {
			fault("call", err)
			call, rejection = nil, nil
		}
	}()
	p := ready()
	if told.labelOnly {
		return labelled(ctx, p, out), nil
	}
	host, ours := appHost(out)
	found := p.services.callees[host]
	if found != nil && out.GRPC && !found.grpc {
		found = nil
	}
	if found == nil || !ours {
		if found != nil {
			lostLabel(ctx, found)
		}
		if out.GRPC {
			return nil, nil // nobody knows what is at the other end of a connection
		}
		return outside(ctx, p, host, out)
	}
	c := &Call{ctx: ctx, out: *out, plan: p, callee: found, began: clock()}
	c.serve(ctx)
	if found.ways != nil || p.services.ruled {
		c.way = passed(c)
	}
	resource := found.called(out)
	c.meter = resource.metered("client", c.lane)
	return c, c.pass(p.rules.called(resource.name))
}

// appHost returns the name that is called, in lower case, and whether an app may be meant: of HTTP by
// its scheme without a port, or with 80; of gRPC with any, as it has none that could be left out.
func appHost(out *Outbound) (string, bool) {
	host := lowerText(out.Host)
	if strings.HasPrefix(host, "[") {
		name, _, _ := strings.Cut(host[1:], "]")
		return name, false
	}
	name, port, separated := strings.Cut(host, ":")
	if out.GRPC {
		return name, true
	}
	return name, out.Scheme == "http" && (!separated || port == "80" || port == "")
}

// serve finds the request that a call is made for, and its lane. One that is over says no more than
// that.
func (c *Call) serve(ctx context.Context) {
	r := Serving(ctx)
	c.lane, c.request = laneOf(r), underWay(r)
}

// underWay returns a request that is not over, nil for none.
func underWay(r *Request) *Request {
	if r == nil {
		return nil
	}
	if _, ended := r.endedAt(); ended {
		return nil
	}
	return r
}

// outside begins a call of a host that is no app of ours, where a rule concerns it: it is sent as the
// application made it (ADR 1).
func outside(ctx context.Context, p *plan, host string, out *Outbound) (*Call, *Rejection) {
	if host == "" || len(host) > longestHost {
		return nil, nil
	}
	g := p.rules.called("call:" + host)
	if g == nil {
		return nil, nil
	}
	c := &Call{ctx: ctx, out: *out, plan: p, began: clock()}
	c.request = underWay(Serving(ctx))
	c.meter = g.resource.metered("client", c.lane)
	return c, c.pass(g)
}

const longestHost = 253

// labelled begins a call of a process that only passes labels on, and traces: no host is ours to it,
// and without this a label would end here.
func labelled(ctx context.Context, p *plan, out *Outbound) *Call {
	if out.Scheme != "http" && !out.GRPC {
		return nil
	}
	c := &Call{ctx: ctx, out: *out, plan: p, began: clock()}
	c.serve(ctx)
	return c
}

// lostLabel counts a call to an app that goes out without the label of the work at hand, as it is made
// at a port, or by a scheme, that names do not lead to.
func lostLabel(ctx context.Context, found *callee) {
	if r := Serving(ctx); r != nil && r.lane != "" {
		edgeLost(found.resource, r.lane)
	}
}

// pass enters the gate of what is called, which may be none.
func (c *Call) pass(g *gate) *Rejection {
	c.meter.begin()
	if g == nil {
		return nil
	}
	c.entry.started = c.began
	rejection := g.enter((*departing)(c), c.ctx, &c.entry)
	if rejection != nil {
		c.meter.rejected(rejection, false)
	} else if c.entry.would != nil {
		c.meter.rejected(c.entry.would, true)
	}
	if rejection != nil {
		c.closed = true
	}
	return rejection
}

// Next returns where to send the next attempt, and waits before it where a rule says so. After an
// attempt it is false where that one's answer, or error, is the caller's, and true where another one
// is to be made: the answer that came is then to be closed unread. An error goes to the caller in the
// place of what the hook has: a known app has no live instance, or a rule's time is over, which errors
// of this package say by Timeout() bool.
//
// The host of a copy is Host with "-shadow" before its port (Envoy). Only bodies that can be sent
// twice are copied.
func (c *Call) Next() (t Target, more bool, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			fault("call", broken)
			// A first attempt is sent as the application made it; after that its result stands.
			t, more, err = Target{}, c.sent == 0, nil
			c.sent, c.state = c.sent+1, callOver
		}
	}()
	if c.state == callOver {
		return Target{}, false, nil
	}
	if c.callee == nil {
		c.state, c.sent = callOver, 1
		if told.labelOnly {
			t = c.headers()
		}
		return t, true, nil
	}
	if c.way != nil {
		t, more, err = c.way.next(c)
	} else {
		t, more, err = c.reach()
	}
	if err != nil && !c.out.GRPC {
		err = dialed(err)
	}
	return t, more, err
}

// Ended tells what came of an attempt: status of HTTP, code of gRPC or -1.
func (c *Call) Ended(status, grpc int, f Fault) {
	defer flatFault("call")
	if c.last.answered || c.last.injected {
		return
	}
	c.last = ended{fault: f, status: status, grpc: grpc}
	c.last.gone = f == Other && errors.Is(c.ctx.Err(), context.Canceled)
	if c.way != nil {
		c.way.ended(c)
	}
}

// Arrived changes the headers of an answer that is the caller's in place, where a route says so; of
// HTTP only, with canonical names.
func (c *Call) Arrived(header map[string][]string) {
	defer flatFault("call")
	if c.way != nil {
		c.way.answered(header)
	}
}

// anew has a call begin anew that was sent to nobody.
func (c *Call) anew() {
	c.plan = current()
	if found := c.plan.services.callees[lowerText(c.out.Host)]; found != nil {
		c.callee = found
	}
	c.state, c.sent, c.last = callFresh, 0, ended{}
	if c.way != nil {
		c.way.close(c)
		c.way = passed(c)
	}
}

// Close ends the call, once its answer is there or nobody waits for one.
func (c *Call) Close() {
	if c.closed {
		return
	}
	c.closed = true
	defer func() {
		if err := recover(); err != nil {
			fault("call", err)
		}
	}()
	now := clock()
	elapsed := now - c.began
	failed := c.failed()
	o := c.outcome(now, elapsed, failed)
	c.entry.exit(&o)
	if c.way != nil {
		c.way.close(c)
	}
	c.meter.end(elapsed, failed)
	if c.callee == nil || c.last.answered {
		return
	}
	lane := c.lane
	if c.target != nil {
		lane = c.target.lane
	}
	if counting.Load() {
		c.callee.edge(c.lane, lane).add(elapsed, failed, lane != c.lane && lane == "", max(0, c.sent-1))
	}
}

func (c *Call) failed() bool {
	switch {
	case c.last.gone || c.last.answered:
		return false
	case c.last.injected:
		return c.last.grpc <= 0 || isServerFault(c.last.grpc)
	case c.last.grpc > 0:
		return isServerFault(c.last.grpc)
	}
	return c.last.failed() || c.sent == 0 || c.last.status >= 500
}

// outcome is what the gate hears. Neither a rule's answer nor a deadline that a stranger wrote says
// anything of an app.
func (c *Call) outcome(now, elapsed int64, failed bool) outcome {
	o := outcome{status: c.last.status, grpc: c.last.grpc, elapsed: elapsed, at: now}
	if c.out.GRPC {
		o.status = 0
	} else {
		o.grpc = -1
	}
	if c.last.answered || c.last.cut || c.last.gone {
		return outcome{grpc: -1, elapsed: elapsed, at: now}
	}
	switch c.last.fault {
	case Refused, Dropped:
		o.fault = "connect"
	case Timeout:
		o.fault = "timeout"
	}
	if c.sent == 0 && !c.last.injected {
		o.fault = "connect"
	}
	o.failed = failed && (c.last.failed() || c.sent == 0)
	return o
}

// unixTime returns a time of clock as others read it.
func unixTime(at int64) int64 {
	if at == 0 {
		return 0
	}
	return time.Now().UnixNano() + at - clock()
}
