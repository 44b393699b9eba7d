package fairlead

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Instances of one app as a caller knows them: what they have under way, how they failed lately
// (fairlead.flow.outlier). One that fails again and again in a row is left out: for the base time,
// times how often it has been; each interval that it serves well makes that one less (Envoy).

// instance is one of a cluster.
type instance struct {
	address                string
	since                  int64 // when this caller saw it first, 0 for who was there before
	active                 atomic.Int64
	errors, gateway, local int64 // failures in a row: answers from 500 on, those of gateways, no answers
	times                  int64 // how often it has been left out
	until                  atomic.Int64
	back                   int64 // since when it is not left out any more
}

// instances are those of one cluster; they outlive snapshots.
type instances struct {
	lock    sync.Mutex
	known   atomic.Pointer[map[string]*instance]
	rule    *outlierRule
	ejected atomic.Int64
	active  int64 // calls under way to all of them
	most    int64 // how many there may be, 0 for any number
	connect int64
	named   string // kind and name of what says so
	looked  int64
	app     string
}

func (h *instances) all() map[string]*instance {
	if known := h.known.Load(); known != nil {
		return *known
	}
	return nil
}

// apply knows these instances, and judges them by a rule, nil for not at all.
func (h *instances) apply(rule *outlierRule, addresses []string) {
	now := clock()
	h.lock.Lock()
	defer h.lock.Unlock()
	before := h.all()
	since := int64(0)
	if len(before) > 0 {
		since = now
	}
	next := make(map[string]*instance, len(addresses))
	out := int64(0)
	for _, address := range addresses {
		one := before[address]
		if one == nil {
			one = &instance{address: address, since: since}
		}
		if rule == nil {
			one.until.Store(0)
			one.times = 0
		}
		if one.until.Load() > 0 {
			out++
		}
		next[address] = one
	}
	h.rule = rule
	h.known.Store(&next)
	h.ejected.Store(out)
	if h.looked == 0 {
		h.looked = now
	}
}

// begin returns the instance that a call is sent to, and how long a connection may take, and counts
// the call; nil where a rule leaves no room.
func (h *instances) begin(address string) (one *instance, connect int64, rule string) {
	h.lock.Lock()
	defer h.lock.Unlock()
	if h.most > 0 && h.active >= h.most {
		return nil, 0, h.named
	}
	h.active++
	one = h.all()[address]
	if one == nil {
		one = &instance{address: address, since: clock()}
	}
	one.active.Add(1)
	return one, h.connect, h.named
}

// end counts that a call has ended, nil for one that says nothing about the instance.
func (h *instances) end(one *instance, o *ended) {
	h.lock.Lock()
	defer h.lock.Unlock()
	one.active.Add(-1)
	h.active--
	if h.rule == nil || o == nil || o.gone {
		return
	}
	// Any other error is the caller's own, and says nothing about an instance.
	if o.fault != Other || o.status > 0 || o.grpc >= 0 {
		h.judge(one, o)
	}
}

func (h *instances) judge(one *instance, o *ended) {
	failed, gateway, local := o.kind()
	if !failed && !local {
		one.errors, one.gateway, one.local = 0, 0, 0
		return
	}
	if local && h.rule.ConsecutiveLocal > 0 {
		one.local++
	} else {
		one.errors++
		if gateway || local {
			one.gateway++
		} else {
			one.gateway = 0
		}
	}
	if one.until.Load() == 0 && h.bad(one) {
		h.eject(one)
	}
}

// kind returns whether an end is an error of the instance, one of a gateway, and no answer at all.
func (o *ended) kind() (failed, gateway, local bool) {
	if o.fault != NoFault && o.fault != Other {
		return false, false, true
	}
	if o.grpc >= 0 {
		return o.grpc > 0 && isServerFault(o.grpc), o.grpc == 14, false
	}
	return o.status >= 500, o.status >= 502 && o.status <= 504, false
}

func (h *instances) bad(one *instance) bool {
	rule := h.rule
	return rule.Consecutive5xx > 0 && one.errors >= rule.Consecutive5xx ||
		rule.ConsecutiveGateway > 0 && one.gateway >= rule.ConsecutiveGateway ||
		rule.ConsecutiveLocal > 0 && one.local >= rule.ConsecutiveLocal
}

func (h *instances) eject(one *instance) {
	now, rule, out := clock(), h.rule, h.ejected.Load()
	if out == 0 {
		h.looked = now + nanoseconds(rule.Interval)
	}
	known := h.all()
	if float64(out+1)*100 > rule.MostEjected*float64(len(known)) || known[one.address] != one {
		return
	}
	one.errors, one.gateway, one.local = 0, 0, 0
	// Each interval that it has served since then makes the next time one shorter.
	one.times = max(0, one.times-(now-one.back)/nanoseconds(rule.Interval)) + 1
	longest := max(nanoseconds(rule.LongestEjection), nanoseconds(rule.BaseEjection))
	one.until.Store(now + min(longest, nanoseconds(rule.BaseEjection)*min(one.times, 1<<20)))
	h.ejected.Add(1)
	counted("instance_ejected", h.app)
}

// out tells whether an instance is left out.
func (h *instances) out(address string) bool {
	one := h.all()[address]
	return one != nil && one.until.Load() > 0
}

// look lets those back in whose time is over, and tells whether anybody is left out: nobody is where
// fewer are healthy than there have to be.
func (h *instances) look() bool {
	if h.ejected.Load() == 0 {
		return false
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	rule, now := h.rule, clock()
	if rule == nil {
		return false
	}
	known := h.all()
	if now >= h.looked {
		h.sweep(known, now)
	}
	size, out := float64(len(known)), float64(h.ejected.Load())
	return out > 0 && (size-out)*100 >= rule.LeastHealthy*size
}

func (h *instances) sweep(known map[string]*instance, now int64) {
	h.looked = now + nanoseconds(h.rule.Interval)
	out := int64(0)
	for _, one := range known {
		if until := one.until.Load(); until > 0 && until <= now {
			one.until.Store(0)
			one.back = now
			// What was under way when it was left out says nothing about it now (Envoy).
			one.errors, one.gateway, one.local = 0, 0, 0
		} else if until > 0 {
			out++
		}
	}
	h.ejected.Store(out)
}

// spelled returns how errors say what a rule lets a call take.
func spelled(seconds float64, rule string) string {
	text := fmt.Sprintf("%.6g ms", seconds*1000)
	if seconds >= 1 {
		text = fmt.Sprintf("%.6g s", seconds)
	}
	if rule != "" {
		text += " (" + rule + ")"
	}
	return text
}
