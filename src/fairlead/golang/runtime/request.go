package fairlead

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Inbound is what the hook of a server knows of a request when it comes in. It does not escape, but
// for the map of headers, which loses what nobody here believes before the application sees it: what
// is given of metadata is a copy that the application is handed.
type Inbound struct {
	GRPC     bool
	Method   string // of HTTP
	Scheme   string
	Host     string
	Path     string // decoded; of gRPC /package.Service/Method
	RawQuery string
	Remote   string              // address of the peer, host:port
	Header   map[string][]string // canonical names as net/http has them, lower case for gRPC
	Message  any                 // of gRPC the one message that came, nil for a stream of them
}

// Request is one request that is served, from its first line to its last. It is a context, the one
// allocation that a request costs, and may be read by every goroutine that works for it.
type Request struct {
	context.Context
	*visit   // nil once it has ended; for whoever holds state, and before that for Begin
	lane     string
	trace    [2]string // traceparent and tracestate, as they came
	from     string    // app that sent it, as far as that is believed
	above    inherited
	came     *string                // resource that it came in by, known by its path
	door     atomic.Pointer[string] // the same, of its route
	previous *Request
	state    atomic.Int64
	grpc     bool
	wants    bool // whether rules of its plan ask for its route
}

// visit is what of a request only those need who let it in and out. It is used again for another one:
// what applications may keep has no part in it.
type visit struct {
	plan     *plan
	in       Inbound // headers are for the request's own goroutine: the application may change them
	template string
	meter    *meter
	refused  *Rejection // by a rule that has turned it away
	entry    entry      // of what was known by its path
	routed   entry      // of its route
	shed     *protection
	began    int64
	late     outcome // of one that has ended while its route was looked at
}

var visits = sync.Pool{New: func() any { return new(visit) }}

// forget makes a visit ready for the next request: what that does not write itself is as in a new one,
// and nothing large is kept. A word that is not written costs less than one that is.
func (v *visit) forget() {
	v.in.Header, v.in.Message = nil, nil
	v.meter, v.refused, v.shed = nil, nil, nil
	v.template = ""
	v.entry.forget()
	v.routed.forget()
	visits.Put(v)
}

// The state of a request is 0 while it is served. A handler may come to its route in a goroutine that
// its server has given up waiting for. With over comes when it ended, by clock.
const (
	routing int64 = 1 << iota
	over
	endedShift = iota
)

// endedAt returns when a request ended, false for one that is served.
func (r *Request) endedAt() (int64, bool) {
	state := r.state.Load()
	return state >> endedShift, state&over != 0
}

type requestKey struct{}

// Value returns the request itself to those who look for it.
func (r *Request) Value(key any) any {
	if _, ours := key.(requestKey); ours {
		return r
	}
	return r.Context.Value(key)
}

// outlived is how long a goroutine that a request has started stays on its lane after its end, unless
// it says by a context for whom it works. What is left behind, as a worker that was started because
// of the first request, then works for whoever gives it work.
const outlived = 5 * time.Second

// Begin puts a request on its lane, asks the rules, and makes it the request of this goroutine. The
// request is to be ended also where it is rejected.
func Begin(parent context.Context, in *Inbound) (*Request, *Rejection) {
	v := visits.Get().(*visit)
	v.plan, v.in, v.began = ready(), *in, clock()
	r := &Request{Context: parent, visit: v, previous: getLocal(), grpc: in.GRPC, wants: v.plan.rules.templated()}
	setLocal(r)
	entered(v.began)
	return r, r.admit()
}

// admit puts a request on its lane and asks the rules. A fault of ours lets it pass.
func (r *Request) admit() (rejection *Rejection) {
	defer r.recovered()
	r.lane = r.plan.lanes.own
	if shed := r.plan.shed; shed != nil {
		rejection, would, inside := shed.admit(r.in.Path, r.in.Header, r.began)
		// It came for no interface of its own, and before anybody knew its lane.
		if rejection != nil {
			r.meter = metered(rejection.Resource, "server", "")
			r.meter.begin()
			r.turnedAway(rejection)
			return rejection
		}
		if would != nil {
			metered(would.Resource, "server", "").rejected(would, true)
		}
		if inside {
			r.shed = shed
		}
		if r.in.GRPC && r.in.Message == nil { // of a stream only the beginning is judged
			r.lasts()
		}
	}
	r.arrive()
	return r.enter()
}

// arrive reads what headers say. A fault of ours lets the request go on without a label.
func (r *Request) arrive() {
	defer r.recovered()
	if len(r.in.Header) > 0 && !told.traceless {
		r.trace = [2]string{headerText(&r.in, parentHeader), ""}
		if r.trace[0] != "" {
			r.trace[1] = headerText(&r.in, stateHeader)
		}
	}
	if told.begins {
		r.trace = begunTrace(r.trace)
	}
	r.lane = r.plan.lanes.arrive(r)
	if r.plan.lanes.trusting {
		r.from = trimSpace(headerText(&r.in, callerHeader))
		if len(r.from) > longestCaller {
			r.from = ""
		}
	}
	if r.plan.snapshot.Calls != nil {
		r.above = inheritedOf(r)
	}
}

const longestCaller = 512

func (r *Request) recovered() {
	if err := recover(); err != nil {
		fault("request", err)
	}
}

// enter asks the rules that are about what is known of a request when it comes in.
func (r *Request) enter() *Rejection {
	rules := r.plan.rules
	if r.in.GRPC {
		r.name(r.in.Path)
		if rejection := r.pass(rules.literal("", r.in.Path), &r.entry); rejection != nil {
			return rejection
		}
		return r.passRoute(rules.routed("", r.in.Path))
	}
	method := meantMethod(r.in.Method)
	if rejection := r.pass(rules.literal(method, r.in.Path), &r.entry); rejection != nil {
		return rejection
	}
	if !routersLinked.Load() && !muxLinked.Load() && rules.templated() {
		return r.passRoute(rules.guessed(method, r.in.Path))
	}
	return nil
}

// pass enters a gate, which may be none.
func (r *Request) pass(g *gate, e *entry) *Rejection {
	if g == nil {
		return nil
	}
	if e == &r.entry {
		r.came = &g.resource.name
	} else {
		r.door.Store(&g.resource.name)
	}
	r.named(&g.resource)
	e.started = r.began
	rejection := g.enter((*served)(r), r.Context, e)
	if rejection != nil {
		r.turnedAway(rejection)
	} else if e.would != nil {
		r.meter.rejected(e.would, true)
	}
	return rejection
}

// turnedAway counts a request that is over before it was served.
func (r *Request) turnedAway(rejection *Rejection) {
	r.meter.rejected(rejection, false)
	r.meter, r.refused = nil, rejection
}

// Route names the route that a request has come to, as its framework writes it, and asks the rules
// that are about it. What was asked before is not asked again: of routes within routes the first one
// that has a template is the request's.
func (r *Request) Route(template string) (rejection *Rejection) {
	if template == "" || !r.state.CompareAndSwap(0, routing) {
		return nil
	}
	defer r.come()
	defer r.recovered()
	return r.to(template)
}

// to is Route while the state is held.
func (r *Request) to(template string) *Rejection {
	if template == "" || r.template != "" {
		return nil
	}
	r.template = template
	method := meantMethod(r.in.Method)
	resource := routeResource(method, template)
	r.door.Store(&resource.name)
	r.named(resource)
	return r.passRoute(r.plan.rules.routed(method, template))
}

// Lasts says that the request of ctx goes on for as long as it likes: its connection was taken over or,
// where it has begun, a part of its answer was sent.
func Lasts(ctx context.Context, begun bool) {
	defer flatFault("request")
	if current().shed == nil {
		return
	}
	r, _ := ctx.Value(requestKey{}).(*Request)
	if r == nil || !r.state.CompareAndSwap(0, routing) {
		return
	}
	defer r.come()
	if begun && r.shed != nil {
		now := clock()
		r.shed.leave(now, now-r.began)
		r.shed = nil
	}
	r.lasts()
}

func (r *Request) lasts() {
	if r.shed != nil {
		r.shed.release()
		r.shed = nil
	}
}

// come says that a route has been looked at. A request that has ended meanwhile is left here.
func (r *Request) come() {
	if !r.state.CompareAndSwap(routing, 0) {
		r.leave(&r.late)
	}
}

// passRoute enters what of the gate of a route is left to ask. Where a router came into the program while
// the request was under way, its route was guessed, and it has entered there.
func (r *Request) passRoute(g *gate) *Rejection {
	if g == nil || r.routed.gate != nil {
		return nil
	}
	return r.pass(g.rest(&r.entry), &r.routed)
}

// name has a request counted at an interface.
func (r *Request) name(resource string) {
	if r.meter != nil {
		return
	}
	r.meter = metered(resource, "server", r.lane)
	r.meter.begin()
}

func (r *Request) named(resource *naming) {
	if r.meter == nil {
		r.meter = resource.metered("server", r.lane)
		r.meter.begin()
	}
}

// End gives back what the request holds. status is of HTTP, grpc a code or -1; failed says that it
// ended in a panic.
func (r *Request) End(status, grpc int, failed bool) {
	if _, ended := r.endedAt(); ended {
		return
	}
	if getLocal() == r {
		setLocal(r.previous)
	}
	r.previous = nil
	now := clock()
	o := outcome{status: status, grpc: grpc, failed: failed, elapsed: now - r.began, at: now}
	for {
		if r.state.CompareAndSwap(0, now<<endedShift|over) {
			r.leave(&o)
			return
		}
		r.late = o
		if r.state.CompareAndSwap(routing, now<<endedShift|over|routing) {
			return
		}
	}
}

// leave leaves gates, once nobody enters any more.
func (r *Request) leave(o *outcome) {
	defer r.recovered()
	r.routed.exit(o)
	r.entry.exit(o)
	if r.shed != nil {
		r.shed.leave(o.at, o.elapsed)
	}
	gone(r.began)
	if r.meter == nil && r.refused == nil {
		r.nameless(o.status)
	}
	if tapMost.Load() > 0 {
		r.tap(o)
	}
	r.meter.end(o.elapsed, o.failed || o.status >= 500 || o.grpc > 0 && isServerFault(o.grpc))
	// A connection that this request was the first to use keeps it, by the goroutines that serve it.
	v := r.visit
	r.visit = nil
	v.forget()
}

// nameless has a request counted that has come to no route that anybody knows of.
func (r *Request) nameless(status int) {
	if status == 404 {
		r.name(notFound)
	} else {
		r.name(theRest)
	}
}

// Serving returns the request that ctx, or failing that this goroutine, works for; nil for none. A
// context says it whatever became of the request.
func Serving(ctx context.Context) *Request {
	if ctx != nil {
		if r, ok := ctx.Value(requestKey{}).(*Request); ok {
			return r
		}
	}
	r := getLocal()
	if r != nil {
		if at, ended := r.endedAt(); ended && clock()-at > int64(outlived) {
			setLocal(nil)
			return nil
		}
	}
	return r
}

// entrance returns the resource that a request came in by, "" for none that a rule or a route names.
func (r *Request) entrance() string {
	switch door := r.door.Load(); {
	case door != nil:
		return *door
	case r.came != nil:
		return *r.came
	}
	return ""
}

// Lane returns the lane of the work that is done here, "" for base: of its request, or the process's
// own where there is none (contract 8). One that has outlived its request is counted (contract 9).
func Lane(ctx context.Context) string { return laneOf(Serving(ctx)) }

func laneOf(r *Request) string {
	if r == nil {
		return current().lanes.own
	}
	if _, ended := r.endedAt(); ended && r.lane != "" {
		counted("lane_outlived_request", r.lane)
	}
	return r.lane
}
