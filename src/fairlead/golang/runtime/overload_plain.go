package fairlead

import "math"

// Strategies of overload protection that are short (fairlead.flow.overload: strategy, bbr, pid).

// partOfLate is the part of a new sample in how busy a process has been of late.
const partOfLate = 0.3

// overloadByPlain rejects everything beyond one request at a time while the process is too busy.
type overloadByPlain struct {
	threshold, recent float64
	over              bool
}

func (s *overloadByPlain) sample(_, busy float64) {
	s.recent += partOfLate * (busy - s.recent)
	s.over = s.recent >= s.threshold
}

func (s *overloadByPlain) admits(_ float64, inside int64, spare float64) bool {
	return !s.over || float64(inside) < 1-spare
}

func (s *overloadByPlain) ended(_, _ float64) {}

// completions are those of a window, by its parts.
type completions struct {
	length float64
	number float64
	slots  []completed // parts that had some, the oldest first
}

type completed struct{ index, ended, sum, least float64 }

func completionsOf(window, number float64) completions {
	return completions{length: window / number, number: number}
}

func (c *completions) add(now, took float64) {
	index := pythonFloorDiv(now, c.length)
	if last := len(c.slots) - 1; last >= 0 && c.slots[last].index == index {
		slot := &c.slots[last]
		slot.ended, slot.sum, slot.least = slot.ended+1, slot.sum+took, min(slot.least, took)
		return
	}
	c.slots = append(c.slots, completed{index, 1, took, took})
	c.forget(index)
}

func (c *completions) forget(index float64) {
	old := 0
	for old < len(c.slots) && c.slots[old].index <= index-c.number {
		old++
	}
	c.slots = c.slots[:copy(c.slots, c.slots[old:])]
}

// pythonFloorDiv is what Python's // is of two numbers.
func pythonFloorDiv(a, b float64) float64 {
	rest := math.Mod(a, b)
	if rest != 0 && (rest < 0) != (b < 0) {
		rest += b
	}
	quotient := (a - rest) / b
	floor := math.Floor(quotient)
	if quotient-floor > 0.5 {
		floor++
	}
	return floor
}

// sentinelBBR blocks while busy, and more than one is inside, and more than most completed a second
// times the least time that one took (Sentinel).
type sentinelBBR struct {
	threshold, recent float64
	busy              bool
	done              completions
	room, until       float64
}

const sentinelParts = 2

func newSentinelBBR(threshold float64) *sentinelBBR {
	return &sentinelBBR{
		threshold: threshold, done: completionsOf(1, sentinelParts), room: math.Inf(1), until: math.Inf(-1),
	}
}

func (s *sentinelBBR) sample(_, busy float64) {
	s.recent += partOfLate * (busy - s.recent)
	s.busy = s.recent >= s.threshold
}

func (s *sentinelBBR) admits(now float64, inside int64, spare float64) bool {
	return !s.busy || inside <= 1 || float64(inside) <= s.most(now)*(1-spare)
}

func (s *sentinelBBR) ended(now, took float64) { s.done.add(now, took) }

func (s *sentinelBBR) most(now float64) float64 {
	if now < s.until {
		return s.room
	}
	s.until = now + 0.01 // a hundred times a second is as good as each time
	s.done.forget(pythonFloorDiv(now, s.done.length))
	most, least := 0.0, 0.0
	for i, one := range s.done.slots {
		most = max(most, one.ended)
		if i == 0 || one.least < least {
			least = one.least
		}
	}
	s.room = most * sentinelParts * least
	return s.room
}

// kratosBBR is ten seconds in a hundred parts without the current one, and the least mean of a part
// (Kratos). The share is smoothed, and once it dropped a request it goes on to judge for a second.
type kratosBBR struct {
	threshold, cpu, heard float64
	done                  completions
	dropped, room, until  float64
}

const (
	kratosWindow = 10.0
	kratosParts  = 100.0
	kratosDecay  = 0.95
	kratosEvery  = 0.5
	kratosCool   = 1.0
	kratosLeast  = 0.001 // times are whole milliseconds there, rounded up
)

func newKratosBBR(threshold float64) *kratosBBR {
	return &kratosBBR{
		threshold: threshold, heard: math.Inf(-1), done: completionsOf(kratosWindow, kratosParts),
		dropped: math.Inf(-1), room: math.Inf(1), until: math.Inf(-1),
	}
}

func (s *kratosBBR) sample(now, busy float64) {
	passed := 0.0
	if !math.IsInf(s.heard, -1) {
		passed = min(now-s.heard, 60)
	}
	s.cpu = busy + (s.cpu-busy)*math.Pow(kratosDecay, passed/kratosEvery)
	s.heard = now
}

func (s *kratosBBR) admits(now float64, inside int64, spare float64) bool {
	judged := s.cpu >= s.threshold || now-s.dropped <= kratosCool
	if !judged || inside <= 1 || float64(inside) <= s.most(now)*(1-spare) {
		return true
	}
	if s.cpu >= s.threshold {
		s.dropped = now
	}
	return false
}

func (s *kratosBBR) ended(now, took float64) { s.done.add(now, took) }

func (s *kratosBBR) most(now float64) float64 {
	if now >= s.until {
		s.until = now + 0.01
		most, least := s.best(now)
		s.room = math.Floor(most*least*kratosParts/kratosWindow + 0.5)
	}
	return s.room
}

// best returns the most completions of a part, and the least mean of a part in seconds.
func (s *kratosBBR) best(now float64) (most, least float64) {
	index := pythonFloorDiv(now, s.done.length)
	s.done.forget(index)
	found := false
	for _, one := range s.done.slots {
		if one.index == index {
			continue
		}
		mean := one.sum / one.ended
		if !found || mean < least {
			least = mean
		}
		most, found = max(most, one.ended), true
	}
	if !found {
		return 1, kratosLeast
	}
	return most, max(kratosLeast, least)
}

// pidRate holds a process at a share of what it may use, by a rate of requests (Sentinel's proposal of
// 2019). Gains are shares of what the process was seen to do.
type pidRate struct {
	target                float64
	before, older         float64
	rate, best            float64
	done, wanted          float64
	tokens, last, sampled float64
}

const (
	pidKP, pidKI, pidKD = 0.4, 0.2, 0.0
	pidLeast            = 0.05 // share of the best rate that is let in whatever happens
)

func newPID(target float64) *pidRate {
	return &pidRate{target: target, rate: math.Inf(1), last: math.Inf(-1), sampled: math.Inf(-1)}
}

func (s *pidRate) sample(now, busy float64) {
	passed := now - s.sampled
	s.sampled = now
	if !(0 < passed && passed < 10) {
		s.done, s.wanted = 0, 0
		return
	}
	seen, wanted := s.done/passed, s.wanted/passed
	s.done, s.wanted = 0, 0
	most := s.best * 1.5
	if most == 0 {
		most = seen
	}
	s.best = max(s.best*math.Pow(0.99, passed), min(seen, most))
	e := s.target - busy
	before, older := s.before, s.older
	s.before, s.older = e, before
	step := pidKP*(e-before) + pidKI*e + pidKD*(e-2*before+older)
	if math.IsInf(s.rate, 1) {
		if e >= 0 {
			return
		}
		s.rate = max(seen, 1)
	}
	s.rate = max(s.rate+step*max(s.best, 1), pidLeast*s.best, 1)
	if e > 0 && s.rate > 2*wanted {
		s.rate = math.Inf(1) // it limits nobody
	}
}

func (s *pidRate) admits(now float64, _ int64, spare float64) bool {
	s.wanted++
	if math.IsInf(s.rate, 1) {
		return true
	}
	passed := now - s.last
	s.last = now
	// A tenth of a second's at once: a second's would be a burst of its own.
	full := max(1, s.rate/10)
	s.tokens = min(s.tokens+max(0, passed)*s.rate, full)
	if s.tokens < 1+spare*(full-1) {
		return false
	}
	s.tokens--
	return true
}

func (s *pidRate) ended(_, _ float64) { s.done++ }
