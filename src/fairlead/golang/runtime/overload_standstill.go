package fairlead

import "math"

// A queue inside the process for something that is not the processor: a pool of connections
// (fairlead.flow.overload.standstill, which says why each number is what it is). Where requests stand
// in one, response times grow and no more end than before. Where a callee has become slow, none end at
// first, and then as many as before. Times are seconds; whoever asks holds a lock.

const (
	stillGrown, stillFlat    = 1.5, 1.15
	stillSteep               = 0.08
	stillSigns, stillChance  = 1.5, 2.5
	stillPoints, stillLine   = 5, 5.0
	stillLeast, stillLongest = 0.2, 3.0
	stillMeans               = 2.0
	stillLost, stillSettled  = 0.7, 3.0
	stillMany, stillFades    = 100.0, 0.998
	stillSmooth              = 0.2
	stillCalm                = 1.0
)

// span is windows: their seconds, the requests that ended, and their mean response time.
type span struct{ passed, ended, mean float64 }

func (s span) rate() float64 { return s.ended / s.passed }

// standstill is whether requests wait for each other though the processor has time.
type standstill struct {
	on    bool
	slow  []span  // windows since they became slow
	usual float64 // requests that end in a second, of windows that are not

	calm, since, mean, rate, best float64
}

// settle takes a window in, and the mean that it should have at most; rate are the requests that end
// in a second, smoothed. It returns the response time that is usual now, where it was no queue.
func (s *standstill) settle(window span, should, rate float64, turned bool) (float64, bool) {
	slow := window.mean > should
	if s.on {
		return s.look(window, !slow && !turned, turned)
	}
	if !slow {
		s.slow = s.slow[:0]
		s.usual += stillSmooth * (window.rate() - s.usual)
		return 0, false
	}
	s.slow = append(s.slow, window)
	if s.stands(should) {
		s.on, s.slow = true, nil
		s.calm, s.since = 0, 0
		s.mean, s.rate, s.best = window.mean, rate, rate
	}
	return 0, false
}

func (s *standstill) stands(should float64) bool {
	total := 0.0
	for _, one := range s.slow {
		total += one.passed
	}
	if total < stillLeast || len(s.slow) < 2 {
		return false
	}
	first, then := halves(s.slow, total/2)
	if then.ended > 0 && then.rate() <= stillFlat*first.rate() {
		if rises(s.slow) {
			return true
		}
		more := (then.mean - first.mean) * then.rate()
		if grown(first, then, total/2) && more > 0 {
			certain := more >= stillChance*math.Sqrt(then.ended+more)
			if certain || then.rate() >= s.usual && then.mean >= 2*should {
				return true
			}
		}
	}
	if total >= max(stillLongest, stillMeans*then.mean) {
		s.slow = append([]span(nil), s.slow[len(s.slow)/2:]...)
	}
	return false
}

func (s *standstill) look(window span, calm, turned bool) (float64, bool) {
	if calm {
		s.calm += window.passed
	} else {
		s.calm = 0
	}
	s.since += window.passed
	s.mean += stillSmooth * (window.mean - s.mean)
	part := window.ended / (window.ended + stillMany)
	s.rate += part * (window.rate() - s.rate)
	s.best = max(s.best*stillFades, s.rate)
	fewer := s.since >= stillSettled*s.mean && turned && s.rate < stillLost*s.best
	s.on = !fewer && s.calm < stillCalm
	return s.mean, fewer
}

// grown tells whether requests took much longer.
func grown(first, then span, half float64) bool {
	longer := then.mean - first.mean
	chance := math.Sqrt(first.mean*first.mean/first.ended + then.mean*then.mean/then.ended)
	return longer >= max(stillSteep*half, (stillGrown-1)*first.mean, stillSigns*chance)
}

// rises tells whether response times lie on a line that rises, by least squares.
func rises(windows []span) bool {
	number := float64(len(windows))
	if number < stillPoints {
		return false
	}
	at, middle, level := 0.0, 0.0, 0.0
	ends := make([]float64, len(windows))
	for i, one := range windows {
		at += one.passed
		ends[i] = at
		middle += at
		level += one.mean
	}
	middle, level = middle/number, level/number
	spread, slope := 0.0, 0.0
	for i, one := range windows {
		x := ends[i] - middle
		spread += x * x
		slope += x * (one.mean - level)
	}
	slope /= spread
	off := 0.0
	for i, one := range windows {
		y := one.mean - level - slope*(ends[i]-middle)
		off += y * y
	}
	return slope >= max(stillSteep, stillLine*math.Sqrt(off/(number-2)/spread))
}

// halves returns two spans in place of many: what began in the first half, and the rest.
func halves(windows []span, half float64) (first, then span) {
	at, number := 0.0, 0
	for number < len(windows)-1 && at < half {
		at += windows[number].passed
		number++
	}
	return together(windows[:number]), together(windows[number:])
}

func together(windows []span) (found span) {
	took := 0.0
	for _, one := range windows {
		found.passed += one.passed
		found.ended += one.ended
		took += one.ended * one.mean
	}
	found.mean = took / max(found.ended, 1)
	return found
}
