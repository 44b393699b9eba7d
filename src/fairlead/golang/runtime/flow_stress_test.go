package fairlead

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Goroutines that call at once take no more of a rule than there is, and give all of it back.
func TestNothingIsTakenTwiceByCallsAtOnce(t *testing.T) {
	const workers, calls, threshold, most = 16, 500, 1000, 4
	now := int64(0) // a clock that stands: what passes is all in one window
	w := newWorld()
	w.clock = func() int64 { return atomic.LoadInt64(&now) }
	named := rule{Rule: "FaultToleranceRule/r", Strategy: "0", Resource: "GET:/", Mode: modeEnforce, Fallback: usualFallback()}
	w.apply(&flowRules{
		Rates: []rateRule{{rule: named, Windows: []windowRule{{Threshold: threshold, WindowMs: 1000}}}},
		Caps:  []capRule{{rule: named, Most: most}},
	})
	g := w.gate("GET:/", false)
	for window := int64(1); window <= 3; window++ {
		atomic.StoreInt64(&now, window*10*second)
		var passed, inside, highest atomic.Int64
		var all sync.WaitGroup
		for i := 0; i < workers; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				for j := 0; j < calls; j++ {
					var e entry
					if g.enter(nil, nil, &e) != nil {
						continue
					}
					passed.Add(1)
					for n := inside.Add(1); ; {
						if seen := highest.Load(); n <= seen || highest.CompareAndSwap(seen, n) {
							break
						}
					}
					inside.Add(-1)
					e.exit(&outcome{status: 200, grpc: -1})
				}
			}()
		}
		all.Wait()
		for passed.Load() < threshold { // whoever found all places taken leaves some of the window
			var e entry
			if g.enter(nil, nil, &e) != nil {
				break
			}
			passed.Add(1)
			e.exit(&outcome{status: 200, grpc: -1})
		}
		if passed.Load() != threshold || highest.Load() > most {
			t.Errorf("%d passed of %d, %d at a time of %d", passed.Load(), threshold, highest.Load(), most)
		}
		var e entry
		if g.enter(nil, nil, &e) == nil {
			t.Error("one more passed than the window holds")
		}
	}
	if left := g.program.Load().inside.Load(); left != 0 {
		t.Errorf("%d are inside for ever", left)
	}
}
