package fairlead

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// gate is what every call of one resource passes. It stays the same as long as the process lives;
// what it asks is its program, which is another one when rules change.
type gate struct {
	resource naming
	family   *family
	world    *world
	program  atomic.Pointer[program] // nil where no rule concerns it
	station  *station
}

// family is all resources that count at each other: a route and its methods, a service and its own.
// One lock is theirs, so that a call takes of every rule or of none.
type family struct {
	mu   sync.Mutex
	last int64 // latest time that a call was asked about: what is remembered is in order
}

// entry is what one call holds while it is under way. It is a part of its request or call: nothing
// is allocated for it. The zero entry holds nothing.
type entry struct {
	would   *Rejection // what rules that only simulate would have answered; for the meter
	gate    *gate      // nil where it has ended, or was rejected
	program *program
	started int64 // before it is asked for, when the call came, where somebody has read the clock
	wait    int64 // how long the call has to wait before it begins
	held    []held
}

// held is what a rule keeps for one call, beyond one more that is under way.
type held struct {
	cap     *limiter
	breaker *breaker
	probe   *probe // nil where the call only counts at the breaker
	counts  bool   // whether the breaker is not one of the program's
	hot     *hot
	keys    []hotKey
}

// about is what rules have asked of a call before the lock is taken.
type about struct {
	caller string
	within [2]string // the resource that is served, and the wider one
	few    [fewValues]valueAsked
	more   []valueAsked
	read   []seen
}

func (a *about) value(i int) *valueAsked {
	if i < fewValues {
		return &a.few[i]
	}
	return &a.more[i-fewValues]
}

// valueAsked is a part of a call: several values are nil where there is one.
type valueAsked struct {
	one     string
	several []string
	known   bool
}

// fewValues is how many parts of a call are asked for without allocating.
const fewValues = 4

// enter lets a call begin or says why not. A rule that paces sleeps here, in the goroutine of the
// call, and less than a caller waits: ctx is that caller's, and nil for one that does not give up. A nil
// gate lets everything pass, and so does a fault of ours.
func (g *gate) enter(f facts, ctx context.Context, e *entry) (r *Rejection) {
	if g == nil {
		return nil
	}
	defer entryFault(&r)
	if r := g.admit(f, e, 1, false); r != nil {
		return r
	}
	if e.wait > 0 && slept(e.wait, ctx) {
		e.begin()
	}
	return nil
}

func entryFault(r **Rejection) {
	if err := recover(); err != nil {
		*r = nil
		fault("flow", err)
	}
}

// slept waits, and tells whether nobody has given up meanwhile. A context makes its channel when it is
// asked for the first time: who does not wait does not ask.
func slept(wait int64, ctx context.Context) bool {
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	timer := time.NewTimer(time.Duration(wait))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-done:
		return false
	}
}

// admit does the same for n calls as one, without waiting; one that is prior may borrow.
func (g *gate) admit(f facts, e *entry, n int64, prior bool) *Rejection {
	for {
		p := g.program.Load()
		if p == nil {
			return nil
		}
		a := &nothing
		if p.curious {
			a = p.ask(f, &about{}, n, g.world)
		}
		if r, done := g.admitted(p, a, e, n, prior); done {
			return r
		}
	}
}

// nothing is what is known of calls that no rule asks about.
var nothing about

// admitted is false where rules came between what was asked and what is to be decided by it.
func (g *gate) admitted(p *program, a *about, e *entry, n int64, prior bool) (r *Rejection, done bool) {
	now := e.started
	if now == 0 || g.world.clock != nil {
		now = g.world.now()
	}
	fam := g.family
	fam.mu.Lock()
	defer fam.mu.Unlock()
	if g.world.clock == nil {
		now = max(now, fam.last)
		fam.last = now
	}
	if g.program.Load() != p {
		return nil, false
	}
	if p.plain && n == 1 && p.straight(a, now) {
		e.gate, e.program, e.started, e.wait, e.would = g, p, now, 0, nil
		return nil, true
	}
	t := trial{gate: g, program: p, n: n, now: now, prior: prior}
	return t.run(a, e), true
}

// begin says that the wait of a call is over: response time counts from here.
func (e *entry) begin() {
	if e.gate == nil || e.wait == 0 {
		return
	}
	e.gate.family.mu.Lock()
	defer e.gate.family.mu.Unlock()
	e.wait, e.started = 0, e.gate.world.now()
	for _, one := range e.held {
		if one.probe != nil {
			one.probe.waits = false
		}
	}
}

// exit gives back what is held and tells rules how the call ended. An entry ends once.
func (e *entry) exit(o *outcome) {
	g, p := e.gate, e.program
	if g == nil {
		return
	}
	e.gate = nil
	p.inside.Add(-1)
	for _, one := range p.caps {
		one.inside.Add(-1)
	}
	if len(p.breakers) == 0 && len(e.held) == 0 {
		return
	}
	now := o.at
	if now == 0 || g.world.clock != nil {
		now = g.world.now()
	}
	rt, failed := max(0, now-e.started), o.bad()
	g.family.mu.Lock()
	defer g.family.mu.Unlock()
	for i := range e.held {
		e.held[i].end(rt, o, failed, now)
	}
	for _, one := range p.breakers {
		one.end(rt, o, failed, now)
	}
	e.held = nil
}

// forget makes an entry the zero one again.
func (e *entry) forget() {
	if e.started != 0 {
		*e = entry{}
	}
}

func (h *held) end(rt int64, o *outcome, failed bool, now int64) {
	switch {
	case h.cap != nil:
		h.cap.inside.Add(-1)
	case h.hot != nil:
		h.hot.leave(h.keys)
	default:
		if h.probe != nil {
			h.breaker.tried(h.probe, rt, o, failed, now)
		}
		if h.counts {
			h.breaker.end(rt, o, failed, now)
		}
	}
}

// rest returns what of a gate is left to ask for a call that has entered by e: all of it, unless e is
// an entry of the same resource. nil where nothing is.
func (g *gate) rest(e *entry) *gate {
	switch {
	case g == nil || e.gate == nil:
		return g
	case e.gate == g:
		return nil
	case e.gate == g.station.plain && g == g.station.full:
		return g.station.others
	}
	return g
}
