package fairlead

import (
	"context"
	"reflect"
	"testing"
)

// What a request costs, whole: Begin to End, as a hook of a server calls them.

func threeRules() flowRules {
	named := func(strategy string) rule {
		return rule{Rule: "FaultToleranceRule/r", Strategy: strategy, Resource: "GET:/", Mode: modeEnforce, Fallback: usualFallback()}
	}
	hot := hotRule{rule: named("hot"), Param: param{Source: "header", Name: "X-User"}, Behaviour: hotReject,
		Threshold: 1e9, WindowMs: 1000, Elements: true}
	return flowRules{
		Rates: []rateRule{{rule: named("rate"), Windows: []windowRule{{Threshold: 1e9, WindowMs: 1000}}}},
		Caps:  []capRule{{rule: named("cap"), Most: 1000}},
		Hots:  []hotRule{hot},
	}
}

func requestOf() *Inbound {
	return &Inbound{Method: "GET", Path: "/", Header: map[string][]string{
		"Accept": {"*/*"}, "User-Agent": {"x"}, "X-User": {"42"},
	}}
}

// endless is a context that nobody is to wait for: its channel would be an allocation more.
type endless struct {
	context.Context
	t *testing.T
}

func (e endless) Done() <-chan struct{} {
	e.t.Error("somebody waits for the end of a request")
	return nil
}

func TestARequestIsOneAllocationWithRulesAndWithout(t *testing.T) {
	templated := threeRules()
	templated.Rates[0].Resource, templated.Caps[0].Resource = "GET:/{id}", "/{id}"
	for name, s := range map[string]*snapshot{
		"none": {}, "three": {flow: threeRules()}, "of its route": {flow: templated},
	} {
		inForceWith(t, s)
		in, ctx := requestOf(), context.Context(endless{context.Background(), t})
		made := testing.AllocsPerRun(1000, func() {
			r, rejection := Begin(ctx, in)
			if rejection == nil {
				rejection = r.Route("/{id}")
			}
			if rejection != nil {
				t.Fatal(rejection)
			}
			r.End(200, -1, false)
		})
		if made > 1 {
			t.Errorf("%s: a request is %v allocations", name, made)
		}
	}
	ruled.apply(&flowRules{})
}

func TestWhatOneRequestHeldIsNotTheNextOnes(t *testing.T) {
	rules := threeRules()
	rules.Caps[0].Most = 0
	inForceWith(t, &snapshot{flow: rules})
	t.Cleanup(func() { ruled.apply(&flowRules{}) })
	for i := 0; i < 3; i++ {
		r, rejection := Begin(context.Background(), requestOf())
		v := r.visit
		if rejection == nil || v.refused == nil || v.entry.started == 0 {
			t.Fatal("a request beyond a limit is let through")
		}
		r.Route("/{id}")
		r.End(429, -1, false)
		r.End(429, -1, false)
		in := Inbound{Method: "GET", Path: "/"}
		if v.in = in; !reflect.DeepEqual(*v, visit{plan: v.plan, in: in, began: v.began}) || r.visit != nil {
			t.Errorf("left are %+v", v)
		}
	}
}

func begunAndEnded(b *testing.B, s *snapshot, told bool) {
	forgetMeters(256)
	counting.Store(told)
	b.Cleanup(func() { counting.Store(false) })
	inForceWith(b, s)
	b.Cleanup(func() { ruled.apply(&flowRules{}) })
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(on *testing.PB) {
		in, ctx := requestOf(), context.Background()
		for on.Next() {
			r, rejection := Begin(ctx, in)
			if rejection != nil {
				b.Fatal(rejection)
			}
			r.End(200, -1, false)
		}
	})
}

func BenchmarkFlow(b *testing.B) {
	b.Run("none", func(b *testing.B) { begunAndEnded(b, &snapshot{}, false) })
	b.Run("three", func(b *testing.B) { begunAndEnded(b, &snapshot{flow: threeRules()}, false) })
	b.Run("none-told", func(b *testing.B) { begunAndEnded(b, &snapshot{}, true) })
	b.Run("three-told", func(b *testing.B) { begunAndEnded(b, &snapshot{flow: threeRules()}, true) })
}

func BenchmarkRoute(b *testing.B) {
	for i := 0; i < b.N; i++ {
		routeResource("GET", "/users/{id}")
	}
}

func BenchmarkGate(b *testing.B) {
	w := newWorld()
	rules := threeRules()
	w.apply(&rules)
	g, f := w.gate("GET:/", false), (*served)(&Request{visit: &visit{in: *requestOf()}})
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		var e entry
		if r := g.enter(f, nil, &e); r != nil {
			b.Fatal(r)
		}
		e.exit(&outcome{status: 200, grpc: -1})
	}
}
