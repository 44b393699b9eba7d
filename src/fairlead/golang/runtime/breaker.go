package fairlead

import "math"

// A resource is given up while too many of its calls are bad, and is tried again with a few
// (fairlead.flow.breaker). Open, nothing passes until its time has come. Half-open, probes pass: not
// more than are needed are under way at a time, a bad one opens it again, enough good ones in each
// step close it. A probe that does not end loses its place, and what becomes of it later says
// nothing. Whoever asks holds the lock of the family.

const (
	usualLease = 60_000 // milliseconds

	closed, open, halfOpen, retired = 0, 1, 2, 3
)

var stateNames = [...]string{"closed", "open", "half_open"}

// breakerMark is the beginning of a bucket in which calls ended, and what had ended and was bad then.
type breakerMark struct{ start, ended, bad int64 }

// probe is a call that is let through a breaker to try it.
type probe struct {
	until int64
	waits bool // it has its turn to wait for: one that gives that up has tried nothing
}

// attempt is how far an attempt to close a breaker again has come.
type attempt struct {
	stage, good, seen int64
	underWay          []*probe
}

type breaker struct {
	rule     *breakerRule
	resource string
	world    *world
	state    int
	next     int64 // when it may be tried again
	trial    *attempt
	ended    int64
	bad      int64
	base     int64
	baseBad  int64
	marks    []breakerMark
	start    int64
	edge     int64
	step     int64
	slow     int64
	judge    func(outcome) bool // what tells an error, where that is not what is usual
}

func newBreaker(r *breakerRule, resource string, w *world) *breaker {
	b := &breaker{resource: resource, world: w}
	b.tune(r)
	return b
}

// tune judges by another rule from now on; a window of another length begins anew.
func (b *breaker) tune(r *breakerRule) {
	step := (r.WindowMs*ms + r.Buckets - 1) / r.Buckets
	if b.rule == nil || b.step != step || b.rule.Buckets != r.Buckets {
		b.marks = nil
	}
	// Nothing stands open for calls that it does not shut out any more, and what shuts them out opens.
	if before := b.rule; before != nil && b.state != closed && before.simulated() != r.simulated() {
		b.world.hear(&before.rule, b.resource, b.state, closed)
		b.world.hear(&r.rule, b.resource, closed, b.state)
	}
	b.rule, b.step, b.edge, b.judge, b.slow = r, step, 0, nil, never
	if r.Kind == slowRatio {
		b.slow = int64(r.SlowMs * float64(ms))
	} else if len(r.Errors) > 0 {
		b.judge = judgeOf(r.Errors)
	}
}

// gone says what becomes of a breaker whose rule is gone: it closes. What ends at it later, of calls
// that were inside, moves it no more.
func (b *breaker) gone() {
	if b.state != closed {
		b.world.hear(&b.rule.rule, b.resource, b.state, closed)
	}
	b.state, b.trial = retired, nil
}

// end counts a call that has ended, and opens if it was one too many.
func (b *breaker) end(rt int64, o *outcome, failed bool, now int64) {
	b.ended++
	if b.state != closed {
		return
	}
	if b.marks == nil || now >= b.edge || now < b.start-b.rule.WindowMs*ms {
		b.roll(b.ended-1, now)
	}
	if b.isBad(rt, o, failed) {
		b.bad++
	}
	total := b.ended - b.base
	if total >= max(1, b.rule.MinRequests) && b.trips(b.bad-b.baseBad, total) {
		b.trial, b.next = nil, now+b.rule.RecoveryMs*ms
		b.move(open)
	}
}

// waitFor returns how long a call has to wait for it in nanoseconds, -1 if it may pass.
func (b *breaker) waitFor(now int64) int64 {
	if b.state == open {
		b.next = min(b.next, now+b.rule.RecoveryMs*ms) // the clock may have gone back
		if now < b.next {
			return b.next - now
		}
		return -1
	}
	if b.state == closed || b.trial == nil || b.hasRoom(b.trial, now) {
		return -1
	}
	return 0
}

func (b *breaker) lease() int64 {
	if b.rule.LeaseMs > 0 {
		return b.rule.LeaseMs * ms
	}
	return max(b.rule.RecoveryMs, usualLease) * ms
}

// probe lets a call pass to try it.
func (b *breaker) probe(now int64) *probe {
	if b.trial == nil {
		b.trial = &attempt{stage: 1}
		b.move(halfOpen)
	}
	b.trial.seen++
	made := &probe{until: now + b.lease()}
	b.trial.underWay = append(b.trial.underWay, made)
	return made
}

// rollBack says that it was tried and another breaker did not let the probe pass.
func (b *breaker) rollBack() {
	if b.state == open {
		b.world.hear(&b.rule.rule, b.resource, open, halfOpen)
		b.world.hear(&b.rule.rule, b.resource, halfOpen, open)
	}
}

// tried hears how a probe ended.
func (b *breaker) tried(p *probe, rt int64, o *outcome, failed bool, now int64) {
	trial := b.trial
	if trial == nil || !trial.drop(p) || p.waits {
		return
	}
	if b.isBad(rt, o, failed) {
		b.trial, b.next = nil, now+b.rule.RecoveryMs*ms
		b.move(open)
		return
	}
	if o.fault == faultCut {
		return // its caller gave up: it was not bad yet, and nobody knows what it would be
	}
	trial.good++
	if trial.good < b.rule.Probes {
		return
	}
	trial.stage, trial.good, trial.seen = trial.stage+1, 0, 0
	if trial.stage > b.rule.Steps {
		b.trial, b.marks = nil, nil
		b.roll(b.ended+1, now) // this call is over by then
		b.move(closed)
	}
}

func (t *attempt) drop(p *probe) bool {
	for i, one := range t.underWay {
		if one == p {
			t.underWay = append(t.underWay[:i], t.underWay[i+1:]...)
			return true
		}
	}
	return false
}

func (b *breaker) hasRoom(t *attempt, now int64) bool {
	// With none under way one may: a rule that wants fewer now than ended well needs one to end.
	if n := int64(len(t.underWay)); n > 0 && t.good+n >= b.rule.Probes {
		left := t.underWay[:0]
		for _, one := range t.underWay {
			if now < one.until && one.until <= now+b.lease() {
				left = append(left, one)
			}
		}
		lost := len(left) < len(t.underWay)
		t.underWay = left
		if !lost {
			return false
		}
	}
	share := float64(t.stage) / float64(b.rule.Steps)
	if math.Ceil(float64(t.seen+1)*share) > math.Ceil(float64(t.seen)*share) {
		return true
	}
	t.seen++
	return false
}

func (b *breaker) trips(bad, total int64) bool {
	r, value := b.rule, float64(bad)
	if r.Kind != errorCount {
		value /= float64(total)
	}
	if r.Inclusive {
		return value >= r.Threshold
	}
	return value > r.Threshold || r.Kind == slowRatio && value == 1
}

func (b *breaker) isBad(rt int64, o *outcome, failed bool) bool {
	switch {
	case b.rule.Kind == slowRatio:
		return rt > b.slow
	case b.judge == nil || !o.known():
		return failed
	}
	return b.judge(*o)
}

// roll begins the bucket of now.
func (b *breaker) roll(ended, now int64) {
	start := now - floorMod(now, b.step)
	if start < b.start {
		b.marks = nil
	}
	oldest, old := start-(b.rule.Buckets-1)*b.step, 0
	for old < len(b.marks) && b.marks[old].start < oldest {
		old++
	}
	b.marks = append(b.marks[:copy(b.marks, b.marks[old:])], breakerMark{start, ended, b.bad})
	b.start, b.base, b.baseBad = start, b.marks[0].ended, b.marks[0].bad
	b.edge = start + b.step
}

func (b *breaker) move(state int) {
	b.world.hear(&b.rule.rule, b.resource, b.state, state)
	b.state = state
}
