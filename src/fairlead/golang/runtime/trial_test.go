package fairlead

import (
	"strconv"
	"testing"
)

// Of a rule that simulates nothing is taken where it would turn a call away, and of each other one it
// is, however many there are: the rules 1 and 65 are not taken for each other.
func TestTrialsAreKeptApartWhereThereAreManyRules(t *testing.T) {
	now := 10 * second
	w := newWorld()
	w.clock = func() int64 { return now }
	var flow flowRules
	for i := 0; i < 66; i++ {
		one := throttleRule{Threshold: mostThreshold, WindowMs: 1000, rule: rule{Rule: "ThrottlingStrategy/" + strconv.Itoa(i),
			Strategy: strconv.Itoa(i), Resource: "GET:/", Mode: modeSimulate, Fallback: usualFallback()}}
		switch i {
		case 1:
			one.Threshold, one.WindowMs = 1, 10_000
		case 65:
			one.Threshold, one.Mode = 1, modeEnforce
		}
		flow.Throttles = append(flow.Throttles, one)
	}
	w.apply(&flow)
	g := w.gate("GET:/", false)
	for i, passes := range []bool{true, true, false} {
		var e entry
		if r := g.enter(nil, nil, &e); (r == nil) != passes {
			t.Errorf("call %d at %d s: %v", i, now/second, r)
		}
		now = 11 * second
	}
}

func TestMarksAreExact(t *testing.T) {
	var m marks
	for _, at := range []int{0, 63, 64, 200} {
		m.set(at)
	}
	for at := 0; at < 300; at++ {
		if want := at == 0 || at == 63 || at == 64 || at == 200; m.has(at) != want {
			t.Errorf("%d: %v", at, !want)
		}
	}
}
