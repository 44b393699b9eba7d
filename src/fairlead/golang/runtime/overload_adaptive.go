package fairlead

import "math"

// ADAPTIVE: no threshold is set by hand (fairlead.flow.overload.adaptive, which says why each number
// is what it is). Requests under way that share the processor show in response times: while the
// process is busy and the mean of a window is more than it should be, so many fewer may be under way
// as Little's law says; otherwise, while the limit is reached, some more. A queue for something else,
// a pool's connection, shows in completions alone (standstill).
//
// How long a request has waited before the gate is not known in Go: net/http has a goroutine read it
// as soon as it is there.

const (
	adaptiveLoose, adaptiveTight = 4.0, 2.1
	adaptiveMany                 = 0.4
	adaptiveSpread               = 1.5
	adaptiveDeepest              = 0.6
	adaptiveGrowth               = 0.1
	adaptiveSpare, adaptiveDecay = 0.5, 0.98
	adaptiveFull, adaptiveSome   = 0.9, 0.4
	adaptiveMost                 = 10_000.0
	adaptiveAhead, adaptiveMore  = 6.0, 10.0
	adaptiveCreep                = 1.1
	adaptiveFades                = 0.95
	adaptiveDoublings            = 2
	adaptiveSmooth               = 0.5
	adaptiveWindow               = 0.1
	adaptiveFewest               = 10
	adaptiveLongest              = 1.0
	adaptiveDown, adaptiveUp     = 0.1, 0.02
	adaptiveRate                 = 0.2
)

type adaptive struct {
	least, tight float64
	limit        float64 // requests that may be under way
	usual        float64 // mean response time when nobody waits for another; 0 until it is known
	work, rate   float64 // seconds of the processor that a request needs, requests that end in a second
	doubling     bool    // until the first window that is slow
	slow         bool
	best, ahead  float64
	standstill   standstill
	busy, last   float64
	doublings    int
	moved        float64 // when one was let in, or ended, last

	begins, sum        float64
	done, turned, peak float64
}

func newAdaptive(cores float64) *adaptive {
	a := &adaptive{least: max(1, cores), doubling: true, ahead: math.Inf(1), moved: math.Inf(-1)}
	a.tight = 1 + adaptiveTight/math.Sqrt(a.least)
	a.limit = a.least
	a.begin(math.Inf(-1))
	return a
}

func (a *adaptive) begin(now float64) {
	a.begins, a.sum, a.done, a.turned, a.peak = now, 0, 0, 0, 0
}

func (a *adaptive) sample(_, busy float64) {
	a.last = busy
	a.busy += adaptiveSmooth * (busy - a.busy)
	idle := max(busy, a.busy) < adaptiveSome && !a.standstill.on
	a.doublings = 0
	if idle {
		a.doublings = adaptiveDoublings
		if a.slow {
			a.doublings = 1
		}
	}
	if idle && a.slow && a.turned > 0 && a.limit >= a.ahead {
		a.limit *= adaptiveCreep
	}
}

func (a *adaptive) admits(now float64, inside int64, spare float64) bool {
	n := float64(inside)
	if n >= a.limit*(1-spare) && a.isFull(now, n, 1-spare) {
		return false
	}
	a.moved = now
	if n >= a.peak {
		a.peak = n + 1
	}
	return true
}

// isFull counts one that finds no room, unless the limit may double for it.
func (a *adaptive) isFull(now, inside, share float64) bool {
	if now-a.moved >= adaptiveLongest {
		return false
	}
	if a.doublings > 0 && a.limit < a.ahead {
		a.doublings--
		a.limit = min(a.limit*2, adaptiveMost)
		if inside < a.limit*share {
			return false
		}
	}
	a.peak = max(a.peak, inside)
	a.turned++
	return true
}

func (a *adaptive) ended(now, took float64) {
	a.moved = now
	a.sum += took
	a.done++
	passed := now - a.begins
	if passed >= adaptiveWindow && (a.done >= adaptiveFewest || passed >= adaptiveLongest) {
		if !math.IsInf(passed, 1) {
			a.settle(passed)
		}
		a.begin(now)
	}
}

func (a *adaptive) settle(passed float64) {
	mean := a.sum / a.done
	if a.usual == 0 {
		a.usual = mean
	}
	turned := a.turned / (a.turned + a.done)
	should := a.should(passed, turned)
	a.slow = mean > should
	stands := &a.standstill
	if found, ok := stands.settle(span{passed, a.done, mean}, should, a.rate, a.turned > 0); ok && found != 0 {
		a.usual = found
	}
	a.move(should, turned)
	a.doubling = a.doubling && !a.slow
	a.best = max(a.best*adaptiveFades, a.done/passed)
	a.ahead = adaptiveAhead*a.usual*a.best + adaptiveMore
	if mean < a.usual {
		a.usual += adaptiveDown * (mean - a.usual)
	} else if a.busy < adaptiveFull && turned == 0 && !stands.on {
		a.usual += adaptiveUp * (mean - a.usual)
	}
}

func (a *adaptive) move(should, turned float64) {
	on := a.standstill.on
	own := on || a.busy >= adaptiveFull || turned >= adaptiveMany && a.last >= adaptiveFull
	switch {
	case a.slow && own:
		tried := min(a.limit, a.peak)
		a.limit = max(a.least, tried*adaptiveDeepest, min(tried, should*a.rate))
		if on {
			a.doublings = 0
		}
	case a.peak >= a.limit && !(a.slow && (a.busy >= adaptiveSome || on)):
		if a.doubling && a.limit < a.ahead {
			a.limit += a.limit
		} else {
			a.limit += max(1, adaptiveGrowth*a.limit)
		}
	case a.peak < adaptiveSpare*a.limit:
		a.limit = max(2*a.least, a.limit*adaptiveDecay)
	}
}

// should returns the mean response time that a window of so many seconds should have at most.
func (a *adaptive) should(passed, turned float64) float64 {
	work := a.last * a.least * passed / a.done
	if a.work == 0 {
		a.work = work
	} else {
		a.work += adaptiveDown * (work - a.work)
	}
	a.rate += adaptiveRate * (a.done/passed - a.rate)
	own := min(a.usual, a.work)
	times := adaptiveLoose - (adaptiveLoose-a.tight)*min(1, turned/adaptiveMany)
	return a.usual + (times-1)*own + adaptiveSpread*math.Sqrt((a.usual-own)/a.rate)
}
