package fairlead

import "math"

// Thresholds that move: by how warm a resource is, or by the memory in use (fairlead.flow.shape).

const (
	second     = int64(1_000_000_000)
	memoryHold = 150 * ms // how long a reading of the memory holds
)

// shape moves the limit of a window.
type shape interface {
	most() int64                  // the highest limit
	limit(count, now int64) int64 // at now, when so many calls have passed in all
	due() int64                   // when the limit may be another one
	follow(before shape)          // goes on from the state of what was in force before
}

func shapeOf(r *rateRule, w *world) shape {
	switch {
	case r.Memory != nil:
		return &memoryScale{scale: r.Memory, memory: w.memory}
	case r.WarmUp != nil:
		return newWarmUp(r.Windows[0].Threshold, r.Windows[0].WindowMs, r.WarmUp)
	}
	return nil
}

// warmUp is Guava's and Sentinel's: a store of tokens fills while less passes than a cold resource
// lets pass, and the fuller it is, the less may pass. It is looked at once a second, or once a window
// if that is longer. The store is deeper than its warning line by at least one token, what may pass
// lies between the cold and the full rate, and one call of a window always may.
type warmUp struct {
	window  float64 // seconds
	highest int64
	rate    float64 // a second
	cold    float64
	warning float64
	deepest float64
	slope   float64
	tick    int64
	idle    float64 // with fewer calls in a tick, it cools
	stored  float64
	turn    int64 // which tick it is
	begun   bool
	mark    int64 // what had passed when it began
	until   int64
}

func newWarmUp(threshold float64, windowMs int64, r *warmUpRule) *warmUp {
	w := &warmUp{window: float64(windowMs) / 1000, highest: int64(math.Floor(threshold)), cold: r.ColdFactor}
	w.rate = threshold / w.window
	tokens := float64(r.PeriodMs) / 1000 * w.rate
	w.warning = math.Floor(math.Floor(tokens) / (w.cold - 1))
	w.deepest = max(w.warning+1, w.warning+math.Floor(2*tokens/(1+w.cold)))
	w.slope = math.Inf(1)
	if w.rate > 0 {
		w.slope = (w.cold - 1) / w.rate / (w.deepest - w.warning)
	}
	w.tick = max(second, windowMs*ms)
	w.idle = max(1, math.Floor(threshold/w.cold)) * (float64(w.tick) / float64(second) / w.window)
	return w
}

func (w *warmUp) most() int64 { return w.highest }

func (w *warmUp) due() int64 { return w.until }

func (w *warmUp) follow(before shape) {
	if old, ok := before.(*warmUp); ok && old != nil && old.begun {
		w.stored, w.mark = old.stored/old.deepest*w.deepest, old.mark
		w.turn, w.begun = floorDiv(old.turn*old.tick, w.tick), true
	}
}

func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

func (w *warmUp) limit(count, now int64) int64 {
	found := int64(math.Floor(w.allowed(count, now)*w.window + 1e-9))
	return min(w.highest, max(min(w.highest, 1), found))
}

// allowed returns how many calls may pass in a second.
func (w *warmUp) allowed(count, now int64) float64 {
	turn := floorDiv(now, w.tick)
	w.sync(count, turn)
	w.until = (turn + 1) * w.tick
	if w.stored < w.warning || w.rate == 0 {
		return w.rate
	}
	above := (w.stored - w.warning) * w.slope
	found := math.Nextafter(1/(above+1/w.rate), math.Inf(1))
	return min(w.rate, max(w.rate/w.cold, found))
}

func (w *warmUp) sync(count, turn int64) {
	before, begun := w.turn, w.begun
	w.turn, w.begun = turn, true
	switch {
	case !begun:
		w.stored, w.mark = w.deepest, count
	case turn > before:
		passed := 0.0
		if turn == before+1 {
			passed = float64(count - w.mark)
		}
		if w.stored <= w.warning || passed < w.idle {
			tokens := float64((turn-before)*w.tick) / float64(second) * w.rate
			w.stored = min(w.deepest, w.stored+tokens)
		}
		w.stored, w.mark = max(0, w.stored-passed), count
	case turn < before: // the clock went back
		w.mark = count
	}
}

// memoryScale is a threshold that falls as memory fills.
type memoryScale struct {
	scale  *memoryRule
	memory func() int64
	until  int64
}

func (m *memoryScale) most() int64 {
	return int64(math.Floor(max(m.scale.LowThreshold, m.scale.HighThreshold)))
}

func (m *memoryScale) due() int64 { return m.until }

func (m *memoryScale) follow(shape) {}

func (m *memoryScale) limit(_, now int64) int64 {
	m.until = now + memoryHold
	full := float64(m.memory()-m.scale.LowBytes) / float64(m.scale.HighBytes-m.scale.LowBytes)
	moved := min(1, max(0, full)) * (m.scale.HighThreshold - m.scale.LowThreshold)
	return int64(math.Floor(m.scale.LowThreshold + moved + 1e-9))
}
