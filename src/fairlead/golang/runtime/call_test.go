package fairlead

import (
	"context"
	"strings"
	"testing"
)

func app(name string, endpoints ...endpointRule) serviceRule {
	return serviceRule{Namespace: "default", App: name, Endpoints: endpoints}
}

func at(address, lane string) endpointRule { return endpointRule{Address: address, Lane: lane} }

func meshOf(services ...serviceRule) *snapshot {
	return &snapshot{Lanes: twoLanes, Workload: workload{Namespace: "default", App: "a"}, Services: services}
}

func forgetAvoided(t testing.TB) {
	t.Cleanup(func() { avoided.until.Store(nil) })
}

// onLane returns the context of a request on a lane.
func onLane(t testing.TB, lane string) context.Context {
	header := map[string][]string{"Baggage": {"x-opensergo-traffic=" + lane}}
	r, _ := Begin(context.Background(), &Inbound{Method: "GET", Header: header})
	t.Cleanup(func() { r.End(200, -1, false) })
	return r
}

// attempts makes a call whose attempts end as told, and returns where they went.
func attempts(t testing.TB, ctx context.Context, out *Outbound, faults ...Fault) (went []string, err error) {
	t.Helper()
	c, rejection := Depart(ctx, out)
	if rejection != nil || c == nil {
		t.Fatalf("no call, but %v", rejection)
	}
	defer c.Close()
	for _, f := range append(faults, NoFault) {
		target, more, err := c.Next()
		if err != nil {
			return went, err
		}
		if !more {
			return went, nil
		}
		went = append(went, target.Address)
		status := 0
		if f == NoFault {
			status = 200
		}
		c.Ended(status, -1, f)
	}
	if _, more, _ := c.Next(); more {
		t.Errorf("a call goes on that has ended: %v", went)
	}
	return went, nil
}

func get(host string) *Outbound {
	return &Outbound{Method: "GET", Scheme: "http", Host: host, Path: "/x", Header: map[string][]string{}}
}

func TestALaneIsServedByItsOwnAndElseByBase(t *testing.T) {
	inForceWith(t, meshOf(app("b", at("base:1", ""), at("gray:1", "gray"))))
	for lane, wanted := range map[string]string{"gray": "gray:1", "blue": "base:1", "_base": "base:1"} {
		went, err := attempts(t, onLane(t, lane), get("B"))
		if err != nil || len(went) != 1 || went[0] != wanted {
			t.Errorf("lane %s went to %v, %v", lane, went, err)
		}
	}
}

func TestARefusedConnectionLeadsOnAndIsAvoided(t *testing.T) {
	forgetAvoided(t)
	inForceWith(t, meshOf(app("b", at("base:1", ""), at("gray:1", "gray"))))
	ctx := onLane(t, "gray")
	went, _ := attempts(t, ctx, get("b"), Refused)
	if strings.Join(went, " ") != "gray:1 base:1" {
		t.Errorf("went to %v", went)
	}
	went, _ = attempts(t, ctx, get("b"))
	if strings.Join(went, " ") != "base:1" {
		t.Errorf("a refusing instance is called again: %v", went)
	}
}

func TestAtMostThreeAreTried(t *testing.T) {
	forgetAvoided(t)
	inForceWith(t, meshOf(app("b", at("1:1", ""), at("2:1", ""), at("3:1", ""), at("4:1", ""))))
	went, err := attempts(t, context.Background(), get("b.default"), Refused, Refused, Refused)
	if len(went) != 3 || err != nil {
		t.Errorf("went to %v, %v", went, err)
	}
}

func TestAPooledConnectionThatDiesIsRepeatedWhereThatIsSafe(t *testing.T) {
	forgetAvoided(t)
	inForceWith(t, meshOf(app("b", at("1:1", ""), at("2:1", ""))))
	went, _ := attempts(t, context.Background(), get("b"), Dropped, Dropped)
	if len(went) != 3 || went[0] == went[1] || went[0] != went[2] {
		t.Errorf("went to %v", went)
	}
	post := get("b")
	post.Method = "POST"
	if went, _ = attempts(t, context.Background(), post, Dropped); len(went) != 1 {
		t.Errorf("a POST was sent again: %v", went)
	}
	if went, _ = attempts(t, context.Background(), get("b"), Reset); len(went) != 1 {
		t.Errorf("what may have been served was sent again: %v", went)
	}
}

func TestWhoeverCouldWriteToBaseServesNoLaneWithShadows(t *testing.T) {
	why := "pymysql is not hooked"
	unfit := endpointRule{Address: "base:1", UnfitTables: &why}
	b := app("b", unfit)
	b.TableLanes = []string{"gray"}
	inForceWith(t, meshOf(b))
	_, err := attempts(t, onLane(t, "gray"), get("b"))
	if err == nil || !strings.Contains(err.Error(), "base:1 (pymysql is not hooked)") {
		t.Errorf("said: %v", err)
	}
	if went, err := attempts(t, context.Background(), get("b")); err != nil || went[0] != "base:1" {
		t.Errorf("base went to %v, %v", went, err)
	}
}

func TestAnAppWithoutInstancesIsAnErrorThatNamesIt(t *testing.T) {
	inForceWith(t, meshOf(app("b")))
	_, err := attempts(t, context.Background(), get("b"))
	if err == nil || err.Error() != "dial tcp: fairlead: no live endpoint of app 'b' for lane 'base'" {
		t.Errorf("said: %v", err)
	}
}

func TestWhoIsNoAppIsSentAsItIs(t *testing.T) {
	inForceWith(t, meshOf(app("b", at("base:1", ""))))
	https := get("b")
	https.Scheme = "https"
	for _, out := range []*Outbound{get("c"), get("b:8080"), get("[::1]"), https} {
		if c, rejection := Depart(context.Background(), out); c != nil || rejection != nil {
			t.Errorf("%s://%s is governed", out.Scheme, out.Host)
		}
	}
}

func TestACallCarriesLaneCallerAndTrace(t *testing.T) {
	inForceWith(t, meshOf(app("b", at("gray:1", "gray"))))
	parent := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	header := map[string][]string{"Baggage": {"x-opensergo-traffic=gray"}, "Traceparent": {parent}}
	r, _ := Begin(context.Background(), &Inbound{Method: "GET", Header: header})
	defer r.End(200, -1, false)
	out := get("b")
	out.Header["Baggage"] = []string{"user=1,x-opensergo-traffic=blue"}
	c, _ := Depart(r, out)
	target, _, _ := c.Next()
	wanted := [][2]string{
		{"Baggage", "x-opensergo-traffic=gray,user=1"}, {"Fairlead-Caller", "a"}, {"Traceparent", parent},
	}
	if len(target.Set) != 3 || target.Set[0] != wanted[0] || target.Set[1] != wanted[1] || target.Set[2] != wanted[2] {
		t.Errorf("it carries %v", target.Set)
	}
}

func TestAProcessWithoutANamePassesLabelsOn(t *testing.T) {
	told.labelOnly = true
	defer func() { told.labelOnly = false }()
	ctx := onLane(t, "gray")
	c, _ := Depart(ctx, get("anybody.test"))
	target, more, _ := c.Next()
	if !more || target.Address != "" || len(target.Set) != 1 || target.Set[0][1] != "x-opensergo-traffic=gray" {
		t.Errorf("it carries %v to %q", target.Set, target.Address)
	}
}

func TestACallIsOneAllocation(t *testing.T) {
	inForceWith(t, meshOf(app("b", at("base:1", ""), at("base:2", ""))))
	ctx, out := onLane(t, "gray"), get("b")
	made := testing.AllocsPerRun(100, func() {
		c, _ := Depart(ctx, out)
		c.Next()
		c.Ended(200, -1, NoFault)
		c.Next()
		c.Close()
	})
	if made > 1 {
		t.Errorf("a call is %v allocations", made)
	}
}

func BenchmarkCall(b *testing.B) {
	inForceWith(b, meshOf(app("b", at("base:1", ""), at("base:2", ""))))
	ctx, out := onLane(b, "gray"), get("b")
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		c, _ := Depart(ctx, out)
		c.Next()
		c.Ended(200, -1, NoFault)
		c.Next()
		c.Close()
	}
}
