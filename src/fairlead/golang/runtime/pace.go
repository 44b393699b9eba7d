package fairlead

import (
	"math"
	"math/bits"
)

// pace lets calls pass at even distances, and those that wait for their turn (fairlead.flow.cells).
// Idle time is not saved up, except for `burst` calls; a call that gives up waiting leaves its turn
// empty.
type pace struct {
	rule  *throttleRule
	count int64 // calls that have passed
	last  int64
	wait  int64 // of what was tested last
	far   int64
	shape *warmUp
}

const farthest = int64(1) << 61

func newPace(r *throttleRule) *pace {
	p := &pace{last: -never}
	p.tune(r)
	return p
}

func (p *pace) tune(r *throttleRule) {
	p.rule, p.far = r, max(p.far, r.QueueMs*ms)
	before := p.shape
	p.shape = nil
	if r.WarmUp != nil {
		p.shape = newWarmUp(r.Threshold, r.WindowMs, r.WarmUp)
		p.shape.follow(before)
	}
}

// reason is why it rejects: without a queue nobody has waited.
func (p *pace) reason() string {
	if p.rule.QueueMs > 0 {
		return reasonQueue
	}
	return reasonRate
}

// test returns the wait for the turn of n; more than the longest one is rejected.
func (p *pace) test(now, n int64) int64 {
	r := p.rule
	if r.Threshold == 0 || float64(n) > max(r.Threshold, r.Burst) {
		p.wait = 0
		return rejected
	}
	p.wait = max(0, p.turn(now, n)-now)
	if p.wait > r.QueueMs*ms {
		return rejected
	}
	return p.wait
}

func (p *pace) take(now, n int64) {
	turn := p.turn(now, n)
	if p.rule.Burst <= 1 {
		turn = max(now, turn)
	}
	p.last = turn
	p.count += n
}

// after returns when the queue is short enough for what was tested last.
func (p *pace) after() int64 { return max(0, p.wait-p.rule.QueueMs*ms) }

func (p *pace) turn(now, n int64) int64 {
	last := p.last
	if last > now+p.far {
		last = now // the clock went back
	}
	if p.rule.Burst > 1 {
		last = max(last, now-int64(p.rule.Burst*float64(p.cost(1, now))))
	}
	return last + p.cost(n, now)
}

func (p *pace) cost(n, now int64) int64 {
	if p.shape != nil {
		return costOf(float64(n) / p.shape.allowed(p.count, now) * 1000 * float64(ms))
	}
	return costOf(float64(n) * float64(p.rule.WindowMs*ms) / p.rule.Threshold)
}

func costOf(ns float64) int64 { return int64(math.Ceil(min(ns, float64(farthest)))) }

// stepOf returns how far apart n calls are.
func stepOf(n int64, distance float64) int64 {
	return int64(min(float64(n)*distance, float64(farthest)))
}

// mulDiv returns a*b/c for a, b >= 0, c > 0, rounded down, at most never; mulDivUp rounds up.
func mulDiv(a, b, c int64) int64 {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high >= uint64(c) {
		return never
	}
	found, _ := bits.Div64(high, low, uint64(c))
	return int64(min(found, uint64(never)))
}

func mulDivUp(a, b, c int64) int64 {
	found := mulDiv(a, b, c)
	if found < never && found*c != a*b { // alike also where both overflow
		found++
	}
	return found
}
