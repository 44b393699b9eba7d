package fairlead

import (
	"context"
	"testing"
)

func inForceWith(t testing.TB, s *snapshot) {
	before := inForce.Load()
	apply(s)
	t.Cleanup(func() { inForce.Store(before) })
}

var twoLanes = []laneRule{{"gray", defaultLaneKey}, {"blue", "x-blue-key"}}

func TestARequestIsOneAllocation(t *testing.T) {
	inForceWith(t, &snapshot{Lanes: twoLanes})
	in := &Inbound{Method: "GET", Path: "/", Header: map[string][]string{
		"Baggage": {"x-opensergo-traffic=gray"}, "Accept": {"*/*"},
	}}
	ctx := context.Background()
	lane := ""
	made := testing.AllocsPerRun(100, func() {
		r, _ := Begin(ctx, in)
		lane = r.lane
		r.End(200, -1, false)
	})
	if lane != "gray" || made != 1 {
		t.Errorf("a request on lane %q is %v allocations", lane, made)
	}
}

func TestAnEntryTakesLabelsAway(t *testing.T) {
	inForceWith(t, &snapshot{Lanes: twoLanes, Entry: &entryRule{Colourings: []colouringRule{{
		Rule: "TrafficLane/x", Lane: "gray",
		Conditions: []conditionRule{{Source: "header", Key: "X-User", Operator: "==", Values: []string{"1"}}},
	}}}})
	header := map[string][]string{
		"Baggage": {"a=1,x-blue-key=blue"}, "X-Blue-Key": {"blue"}, "X-User": {"1"}, "Fairlead-Caller": {"b"},
	}
	r, _ := Begin(context.Background(), &Inbound{Method: "GET", Path: "/", Header: header})
	defer r.End(200, -1, false)
	if r.lane != "gray" || r.from != "" {
		t.Errorf("lane %q of caller %q", r.lane, r.from)
	}
	if len(header) != 2 || header["Baggage"][0] != "a=1" {
		t.Errorf("left are %v", header)
	}
}

func TestAContextSaysForWhomWorkIsDone(t *testing.T) {
	inForceWith(t, &snapshot{Lanes: twoLanes, Workload: workload{Lane: "blue"}})
	header := map[string][]string{"Baggage": {"x-opensergo-traffic=gray"}}
	r, _ := Begin(context.Background(), &Inbound{Header: header})
	within, cancel := context.WithCancel(r)
	defer cancel()
	r.End(200, -1, false)
	if lane := Lane(within); lane != "gray" {
		t.Errorf("lane %q of work that its request has left behind", lane)
	}
	if lane := Lane(context.Background()); lane != "blue" {
		t.Errorf("lane %q of work without a request", lane)
	}
}

func TestARequestMayEndWhileItsRouteIsLookedAt(t *testing.T) {
	for i := 0; i < 200; i++ {
		r, _ := Begin(context.Background(), &Inbound{Method: "GET", Path: "/"})
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.Route("/{id}")
		}()
		r.End(200, -1, false)
		<-done
		if _, ended := r.endedAt(); !ended {
			t.Fatalf("a request has ended, and does not know")
		}
	}
}

func TestARequestWithoutATraceIsGivenOneWhereThatIsWanted(t *testing.T) {
	told.begins = true
	defer func() { told.begins, traceSampling = false, func() float64 { return 1 } }()
	began := func(header map[string][]string) string {
		r, _ := Begin(context.Background(), &Inbound{Method: "GET", Header: header})
		defer r.End(200, -1, false)
		parent, _ := readTrace(r.trace[0], r.trace[1])
		return parent
	}
	if one, other := began(nil), began(nil); len(one) != 55 || one == other || one[52:] != "-01" {
		t.Errorf("traces %q and %q have begun", one, other)
	}
	came := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	if kept := began(map[string][]string{"Traceparent": {came}}); kept != came {
		t.Errorf("a trace that came became %q", kept)
	}
	traceSampling = func() float64 { return 0 }
	if one := began(nil); one[52:] != "-00" {
		t.Errorf("a trace that is not to be recorded is %q", one)
	}
}

func BenchmarkRequest(b *testing.B) {
	inForceWith(b, &snapshot{Lanes: twoLanes})
	in := &Inbound{Method: "GET", Path: "/", Header: map[string][]string{
		"Baggage": {"x-opensergo-traffic=gray"}, "Accept": {"*/*"}, "User-Agent": {"x"},
	}}
	ctx := context.Background()
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		r, _ := Begin(ctx, in)
		r.End(200, -1, false)
	}
}

// busyNow has a rule let in one request at a time, as the process is too busy for more.
func busyNow(t *testing.T, mode string) {
	before := guard
	guard = &protection{cores: before.cores, samples: true} // nobody looks
	t.Cleanup(func() { guard = before })
	rule := &overloadRule{}
	rule.usual()
	rule.Rule, rule.Mode = "AdaptiveOverloadProtectionStrategy/x", mode
	inForceWith(t, &snapshot{Digest: "busy", Governance: governanceOn, Lanes: twoLanes, Workload: workload{Lane: "blue"}, overload: rule})
	for i := 0; i < 20; i++ {
		guard.sample(float64(i), load{cpu: 1})
	}
}

func TestOfAStreamOnlyTheBeginningIsJudged(t *testing.T) {
	busyNow(t, modeEnforce)
	stream := &Inbound{GRPC: true, Path: "/shop.Shop/Watch", Header: map[string][]string{}}
	unary := &Inbound{GRPC: true, Path: "/shop.Shop/Get", Header: map[string][]string{}, Message: 1}
	first, refused := Begin(context.Background(), stream)
	defer first.End(0, 0, false)
	second, also := Begin(context.Background(), unary)
	defer second.End(0, 0, false)
	if refused != nil || also != nil {
		t.Fatalf("a call is turned away while a stream is open: %v, %v", refused, also)
	}
	third, refused := Begin(context.Background(), stream)
	third.End(0, 0, false)
	if refused == nil || guard.inside != 1 {
		t.Errorf("a stream comes in beside a call: %d inside", guard.inside)
	}
}

func TestWhatAProcessTurnsAwayCameForNoInterfaceAndOnNoLane(t *testing.T) {
	counting.Store(true)
	mostNames.Store(100)
	defer counting.Store(false)
	for mode, want := range map[string][2]int64{modeEnforce: {1, 0}, modeSimulate: {0, 1}} {
		busyNow(t, mode)
		m := metered(overloadName, "server", "")
		turned, simulated := m.turned.Load(), m.simulated.Load()
		in := &Inbound{Method: "GET", Path: "/", Header: map[string][]string{}}
		first, _ := Begin(context.Background(), in)
		second, _ := Begin(context.Background(), in)
		second.End(429, -1, false)
		first.End(200, -1, false)
		if found := [2]int64{m.turned.Load() - turned, m.simulated.Load() - simulated}; found != want {
			t.Errorf("%s: %v were turned away, or would have been", mode, found)
		}
	}
}

// A program may make its router when the first request comes: that request has entered by a guess then.
func TestARequestEntersOneRoute(t *testing.T) {
	routers, mux := routersLinked.Load(), muxLinked.Load()
	t.Cleanup(func() { routersLinked.Store(routers); muxLinked.Store(mux) })
	routersLinked.Store(false)
	muxLinked.Store(false)
	inForceWith(t, sealedSnapshot(t, `{"concurrency_limits":[{"rule":"Concurrency/x","strategy":"x","resource":"GET:/x/{id}","most":1}]}`))
	for i := 0; i < 3; i++ {
		r, rejection := Begin(context.Background(), &Inbound{Method: "GET", Path: "/x/1", Header: map[string][]string{}})
		if rejection != nil {
			t.Fatalf("request %d: %v", i, rejection)
		}
		routersLinked.Store(true)
		if rejection := r.Route("/x/{id}"); rejection != nil {
			t.Errorf("request %d is turned away by itself: %v", i, rejection)
		}
		r.End(200, -1, false)
	}
}
