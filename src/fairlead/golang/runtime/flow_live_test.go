package fairlead

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

const liveMost = 3

var liveRuns atomic.Int64 // meters are found once for a route: each run has one of its own

// liveRules are rules that a running process gets one after another: limits are tuned, breakers come
// and go while calls are inside, and one limit to the calls at a time stays.
func liveRules(number int, route string) *snapshot {
	named := func(name, resource string) rule {
		return rule{Rule: "FaultToleranceRule/" + name, Strategy: "0", Resource: resource, Mode: modeEnforce, Fallback: usualFallback()}
	}
	rules := flowRules{Caps: []capRule{{rule: named("cap", route), Most: liveMost}}}
	if number%3 > 0 {
		rules.Rates = []rateRule{{
			rule:    named("rate", "GET:"+route),
			Windows: []windowRule{{Threshold: float64(10 * number), WindowMs: 1, Buckets: int64(number % 2)}},
		}}
	}
	if number%3 < 2 {
		one := breakerRule{rule: named("breaker", "GET:"+route), Kind: errorRatio, Threshold: 0.3, RecoveryMs: 1}
		one.Inclusive, one.WindowMs, one.Buckets, one.MinRequests, one.Probes, one.Steps = true, 1000, 10, 2, 1, 1
		each := one
		each.Rule, each.Selection.Each = "FaultToleranceRule/each", true
		rules.Breakers = []breakerRule{one, each}
	}
	return &snapshot{flow: rules}
}

// Rules change under load, by the clock of the process: what was taken is given back, and what is
// counted adds up.
func TestALiveProcessGivesBackWhatItTakes(t *testing.T) {
	const workers, least, snapshots = 8, 200, 60
	forgetMeters(256)
	before := servedNow()
	inForceWith(t, &snapshot{})
	linked := routersLinked.Swap(true) // a router will tell the route
	t.Cleanup(func() {
		routersLinked.Store(linked)
		apply(&snapshot{})
	})
	route := fmt.Sprint("/live", liveRuns.Add(1), "/{id}")

	var done atomic.Bool
	var passed, turned, inside, highest atomic.Int64
	one := func(i int) {
		header := map[string][]string{"Fairlead-Caller": {fmt.Sprint("caller", i%5)}}
		r, rejection := Begin(context.Background(), &Inbound{Method: "GET", Path: "/live/1", Header: header})
		if rejection == nil {
			rejection = r.Route(route)
		}
		if rejection != nil {
			turned.Add(1)
			r.End(429, -1, false)
			return
		}
		passed.Add(1)
		for n := inside.Add(1); ; {
			if seen := highest.Load(); n <= seen || highest.CompareAndSwap(seen, n) {
				break
			}
		}
		inside.Add(-1)
		r.End(200+i%2*300, -1, false)
	}
	apply(liveRules(1, route))
	var all sync.WaitGroup
	for w := 0; w < workers; w++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := 0; i < least || !done.Load(); i++ {
				one(i)
			}
		}()
	}
	for i := 1; i <= snapshots; i++ {
		apply(liveRules(i, route))
		for now := passed.Load() + turned.Load(); passed.Load()+turned.Load() < now+workers; {
			one(i)
		}
	}
	done.Store(true)
	all.Wait()

	if highest.Load() > liveMost {
		t.Errorf("%d at a time of %d", highest.Load(), liveMost)
	}
	left := int64(0)
	for _, one := range ruled.stations {
		for _, gate := range [3]*gate{one.plain, one.full, one.others} {
			if p := gate.program.Load(); p != nil {
				left += p.inside.Load()
				for _, limit := range p.caps {
					left += limit.inside.Load()
				}
			}
		}
	}
	if left += servedNow() - before; left != 0 {
		t.Errorf("%d are inside for ever", left)
	}
	apply(&snapshot{})
	counters := readCounters()
	if opened, closed := sum(counters["breaker_opened"]), sum(counters["breaker_closed"]); opened == 0 || opened != closed {
		t.Errorf("breakers opened %d times and closed %d times", opened, closed)
	}
	if faults := counters["agent_faults"]; len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
	m := metered("GET:"+route, "server", "")
	if begun, ended := m.begun.Load(), m.ended.Load(); begun != ended || begun != passed.Load()+turned.Load() || m.turned.Load() != turned.Load() {
		t.Errorf("begun %d, ended %d, turned away %d; %d passed, %d turned away", begun, ended, m.turned.Load(), passed.Load(), turned.Load())
	}
}

func sum(counts map[string]int64) (found int64) {
	for _, n := range counts {
		found += n
	}
	return found
}
