package fairlead

import (
	"math/rand"
	"testing"
)

// What is let in straight is what a trial would let in, and it is counted alike.
func TestCallsAreLetInStraightAsATrialWould(t *testing.T) {
	rules := threeRules()
	rules.Rates[0].Windows[0].Threshold, rules.Caps[0].Most, rules.Hots[0].Threshold = 30, 4, 5
	rules.Breakers = []breakerRule{{
		rule: rules.Rates[0].rule, Kind: "error-count", Threshold: 8, WindowMs: 1000, Buckets: 10, MinRequests: 5, RecoveryMs: 300,
	}}
	now := int64(1e9)
	gates := [2]*gate{}
	for i := range gates {
		w := newWorld()
		w.clock = func() int64 { return now }
		w.apply(&rules)
		gates[i] = w.gate("GET:/", false)
	}
	if !gates[0].program.Load().plain {
		t.Fatal("calls of a plain program go through a trial")
	}
	gates[1].program.Load().plain = false
	dice := rand.New(rand.NewSource(1))
	var inside [][2]entry
	reasons := map[string]int{}
	for i := 0; i < 20_000; i++ {
		now += dice.Int63n(20e6)
		if len(inside) > 0 && dice.Intn(2) == 0 {
			at := dice.Intn(len(inside))
			o := outcome{status: 200 + 300*dice.Intn(2), grpc: -1}
			inside[at][0].exit(&o)
			inside[at][1].exit(&o)
			inside = append(inside[:at], inside[at+1:]...)
			continue
		}
		in := *requestOf()
		in.Header["X-User"] = [][]string{{"1"}, {"2"}, {"1", "2"}, nil}[dice.Intn(4)]
		asks := (*served)(&Request{visit: &visit{in: in}})
		var both [2]entry
		straight, tried := gates[0].enter(asks, nil, &both[0]), gates[1].enter(asks, nil, &both[1])
		if (straight == nil) != (tried == nil) || straight != nil && straight.Reason != tried.Reason {
			t.Fatalf("call %d: %+v, and by a trial %+v", i, straight, tried)
		}
		if straight == nil {
			inside = append(inside, both)
			reasons[""]++
		} else {
			reasons[straight.Reason]++
		}
	}
	if len(reasons) != 5 {
		t.Errorf("not all was tried: %v", reasons)
	}
}
