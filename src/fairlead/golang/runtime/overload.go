package fairlead

import (
	"math"
	"sync"
)

// The gate of a process: whether it has the strength for a request, before it is known for what
// (fairlead.flow.overload.protection). It stands before the gates of resources. Time, and what the
// process is doing, are arguments; it is sampled while a rule wants it. Times are seconds.

const (
	spareOfLow     = 0.5  // share of the room that requests leave to those that matter more
	spareBelowHigh = 0.25 // what others leave where some are of high priority
	pressed        = 0.95 // share of memory or descriptors from which on low priority is not served
	overloadName   = "instance"
)

// load is what a process is doing; shares are of what it may use, and may be more than 1.
type load struct {
	cpu         float64 // of its container, and of itself
	memory      float64 // of its container; 0 without a limit
	descriptors float64
}

// overloadStrategy decides which requests a process has the strength for. Whoever asks holds a lock.
type overloadStrategy interface {
	sample(now, busy float64) // some times a second
	// admits tells whether a request may begin while so many others are under way. The share spare of
	// what room there is has to stay free. A yes counts as a request that has begun.
	admits(now float64, inside int64, spare float64) bool
	ended(now, took float64) // of a request that was admitted
}

// protection is that of one process. Its state outlives snapshots.
type protection struct {
	mu         sync.Mutex
	rule       *overloadRule // nil without one
	said       *rule
	strategy   overloadStrategy
	blind      bool // no samples come: who sees nothing rejects nobody
	cores      float64
	load       load
	inside     int64
	excepted   *listedPaths
	priorities []priority
	someHigh   bool
	samples    bool // somebody samples
}

// guard is the protection of this process.
var guard = &protection{cores: 1}

// fitProtection returns the protection by a snapshot's rule, nil where there is none.
func fitProtection(s *snapshot) *protection {
	rule := s.overload
	if s.Governance == governanceOff {
		rule = nil
	}
	if rule != nil && s.Governance == governanceObserve {
		copied := *rule
		copied.Mode = modeSimulate
		rule = &copied
	}
	guard.apply(rule)
	if rule == nil {
		return nil
	}
	guard.watchOver()
	return guard
}

// apply enforces a rule from the next request on; what a strategy has learnt goes on if it may.
func (p *protection) apply(r *overloadRule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.rule
	p.rule = r
	if r == nil {
		return
	}
	if before == nil || before.Kind != r.Kind || before.Measure != r.Measure || before.Threshold != r.Threshold {
		p.use()
	}
	p.said = r.rule()
	p.excepted = newListedPaths(healthPaths, r.Exceptions)
	p.priorities, p.someHigh = prioritiesOf(r.Priorities), false
	for _, one := range r.Priorities {
		p.someHigh = p.someHigh || one.Level == levelHigh
	}
}

func (p *protection) use() {
	switch r := p.rule; {
	case p.blind:
		p.strategy = &overloadByPlain{threshold: math.Inf(1)}
	case r.Kind == overloadAdaptive:
		p.strategy = newAdaptive(p.cores)
	case r.Kind == overloadBBR:
		p.strategy = newSentinelBBR(r.Threshold)
	case r.Kind == overloadKratos:
		p.strategy = newKratosBBR(r.Threshold)
	case r.Kind == overloadPID:
		p.strategy = newPID(r.Threshold)
	default:
		p.strategy = &overloadByPlain{threshold: r.Threshold}
	}
}

// begin hears that samples begin, and how many cores requests can use at once.
func (p *protection) begin(cores float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cores, p.blind, p.load = cores, false, load{}
	if p.rule != nil {
		p.use()
	}
}

// goBlind hears that no samples come for now.
func (p *protection) goBlind() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blind, p.load = true, load{}
	if p.rule != nil {
		p.use()
	}
}

// sample hears what the process is doing, some times a second; it is false without a rule.
func (p *protection) sample(now float64, found load) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rule == nil {
		return false
	}
	p.load = found
	busy := found.cpu
	if p.rule.Measure == measureMemory {
		busy = found.memory
	}
	p.strategy.sample(now, busy)
	return true
}

// admit lets a request in, before it is known what it asks for, or says why not: would is what a rule
// that only simulates would have answered. in tells whether it is to leave: who is never rejected is
// not counted as one inside.
func (p *protection) admit(path string, header map[string][]string, at int64) (r, would *Rejection, in bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rule := p.rule
	if rule == nil {
		return nil, nil, false
	}
	spare := 0.0
	if len(p.priorities) > 0 {
		spare = p.spareOf(path, header)
	}
	if spare < 1 && p.strategy.admits(float64(at)/float64(second), p.inside, spare) {
		p.inside++
		return nil, nil, true
	}
	if p.excepted.match(path) {
		return nil, nil, false
	}
	r = refusal{p.said, reasonOverload, 0}.answer(overloadName)
	if rule.Mode == modeSimulate {
		return nil, r, false
	}
	return r, nil, false
}

// spareOf returns the share of the room that a request leaves; 1 for one that is not served.
func (p *protection) spareOf(path string, header map[string][]string) float64 {
	switch levelOf(p.priorities, path, header) {
	case levelLow:
		if p.load.memory >= pressed || p.load.descriptors >= pressed {
			return 1
		}
		return spareOfLow
	case "":
		if p.someHigh {
			return spareBelowHigh
		}
	}
	return 0
}

// release lets go of a request that was let in, and goes on for as long as it likes: of a stream only
// the beginning is judged.
func (p *protection) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside--
}

// leave ends a request that was let in, and has taken so many nanoseconds.
func (p *protection) leave(at, elapsed int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside--
	if p.strategy != nil {
		p.strategy.ended(float64(at)/float64(second), float64(elapsed)/float64(second))
	}
}
