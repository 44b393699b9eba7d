package fairlead

import (
	"math"
	"math/rand"
	"sync"
)

// How many calls of one app may be repeated: so that a callee in trouble is not given more of it
// (fairlead.flow.budget). Two bounds hold: at a time a share of the calls under way, and some in any
// case; in ten seconds the same share of the calls that ended well, and as many a second in any case.

const (
	budgetWindow = 10
	budgetSpent  = int64(1e9) // for how long a refusal is passed on
)

// callAttempts are the calls under way to one app. They outlive snapshots.
type callAttempts struct {
	lock             sync.Mutex
	app              string
	rule             budgetRule
	active, repeated int64
	refused          int64 // when somebody was, 0 for never
	well, repeats    [budgetWindow]int64
	second           int64
}

func (a *callAttempts) begin() {
	a.lock.Lock()
	a.active++
	a.lock.Unlock()
}

// end counts a call that has ended well or not; it has been repeated if that was allowed.
func (a *callAttempts) end(repeated, well bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.move()
	if well {
		a.well[a.second%budgetWindow]++
	}
	a.active--
	if repeated {
		a.repeated--
	}
}

// allow tells whether a call may be repeated; again for one that has been already. An inner one is
// made for a request that whoever sent it may repeat.
func (a *callAttempts) allow(again, inner bool) bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.move()
	share := a.rule.Percent / 100
	most := a.rule.Least
	if a.rule.Most != nil {
		most = *a.rule.Most
	} else if !inner {
		most = max(most, int64(share*float64(a.active)))
	}
	others := a.repeated
	if again {
		others--
	}
	total, well := int64(0), int64(0)
	for i := range a.repeats {
		total, well = total+a.repeats[i], well+a.well[i]
	}
	if others >= most || float64(total) >= math.Max(float64(a.rule.Least*budgetWindow), share*float64(well)) {
		a.refused = clock()
		counted("retry_budget_spent", a.app)
		return false
	}
	counted("call_repeated", a.app)
	if !again {
		a.repeated++
	}
	a.repeats[a.second%budgetWindow]++
	return true
}

// spent tells whether somebody was refused a moment ago.
func (a *callAttempts) spent() bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.refused != 0 && clock()-a.refused < budgetSpent
}

// move forgets seconds that are too long ago.
func (a *callAttempts) move() {
	now := clock() / 1e9
	for second := max(a.second, now-budgetWindow) + 1; second <= now; second++ {
		a.well[second%budgetWindow], a.repeats[second%budgetWindow] = 0, 0
	}
	a.second = max(a.second, now)
}

// conditions are what one rule repeats a call for (fairlead.flow.retry).
type conditions struct {
	refused, broken, any      bool
	server, gateway, conflict bool
	statuses                  map[int]bool
	codes                     map[int]bool
}

var grpcConditions = map[string]int{
	"cancelled": 1, "deadline-exceeded": 4, "internal": 13, "resource-exhausted": 8, "unavailable": 14, "unknown": 2,
}

func conditionsOf(rule *retryRule) *conditions {
	c := &conditions{statuses: map[int]bool{}, codes: map[int]bool{}}
	for _, one := range rule.On {
		switch one {
		case "connect-failure", "refused-stream", "reset-before-request":
			c.refused = true
		case "reset":
			c.refused, c.broken = true, true
		case "gateway-error":
			c.refused, c.broken, c.gateway = true, true, true
		case "5xx":
			c.refused, c.broken, c.server = true, true, true
		case "retriable-4xx":
			c.conflict = true
		case "non-idempotent":
			c.any = true
		case "retriable-status-codes":
			for _, status := range rule.Statuses {
				c.statuses[int(status)] = true
			}
		default:
			if code, ok := grpcConditions[one]; ok {
				c.codes[code] = true
			}
		}
	}
	return c
}

// met tells whether an attempt may be repeated. What was refused was not sent; for everything else the
// body has to be there still. A method that is not idempotent is repeated after it was sent only by a
// condition that names the answer, or by non-idempotent.
func (c *conditions) met(call *Call) bool {
	o := &call.last
	if o.gone {
		return false
	}
	if o.fault == Refused {
		return c.refused || call.out.GRPC && c.codes[14]
	}
	return c.would(call) && call.out.Again
}

func (c *conditions) would(call *Call) bool {
	o := &call.last
	if call.out.GRPC {
		return o.grpc >= 0 && c.codes[o.grpc]
	}
	safe := c.any || isIdempotent(call.out.Method)
	if o.fault != NoFault && o.status == 0 {
		return safe && c.broken && (o.fault == Dropped || o.fault == Reset || o.fault == Timeout)
	}
	if c.statuses[o.status] {
		return true
	}
	return safe && (c.server && o.status >= 500 || c.gateway && o.status >= 502 && o.status <= 504 ||
		c.conflict && o.status == 409)
}

// pause returns the time before an attempt, from 2 on: any part of a length that doubles, so that
// callers that failed together do not come back together.
func (r *retryRule) pause(attempt int) int64 {
	length := r.Backoff * (math.Pow(2, float64(min(attempt-1, 32))) - 1)
	return nanoseconds(rand.Float64() * math.Min(r.Longest, length))
}
