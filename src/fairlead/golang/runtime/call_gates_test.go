package fairlead

import (
	"context"
	"fmt"
	"testing"
)

// sealedSnapshot reads a snapshot of app a, which knows app b, with rules about the flow of calls.
func sealedSnapshot(t testing.TB, flow string) *snapshot {
	t.Helper()
	t.Cleanup(func() { ruled.apply(&flowRules{}) }) // counts of rules that stay go on
	plain, err := parseJSON([]byte(fmt.Sprintf(`{"revision":1,"governance":"on","workload":{"app":"a"},
		"services":[{"namespace":"default","app":"b","endpoints":[{"address":"1:1"}]}],"flow":%s}`, flow)))
	if err != nil {
		t.Fatal(err)
	}
	object := plain.(*jsonObject)
	object.values["digest"] = digestOf(object)
	object.keys = append(object.keys, "digest")
	s, refused, err := readSnapshot(canonicalJSON(nil, object))
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	return s
}

func rateOf(resource, more string) string {
	return fmt.Sprintf(`{"rate_limits":[{"rule":"RateLimitStrategy/x","strategy":"x","resource":%q,
		"windows":[{"threshold":1,"window_ms":60000}]%s}]}`, resource, more)
}

func TestARuleAboutCallsTurnsThemAway(t *testing.T) {
	inForceWith(t, sealedSnapshot(t, rateOf("call:b", "")))
	if went, err := attempts(t, context.Background(), get("b")); len(went) != 1 || err != nil {
		t.Fatalf("the first went to %v, %v", went, err)
	}
	_, rejection := Depart(context.Background(), get("b"))
	if rejection == nil || rejection.Answers || rejection.Rule != "RateLimitStrategy/x" || rejection.Resource != "call:b" {
		t.Errorf("the second is told %+v", rejection)
	}
}

func TestARulesOwnResponseIsTheAnswer(t *testing.T) {
	inForceWith(t, sealedSnapshot(t, rateOf("call:b", `,"fallback":{"status":503,"body":"later"}`)))
	attempts(t, context.Background(), get("b"))
	_, rejection := Depart(context.Background(), get("b"))
	if rejection == nil || !rejection.Answers || rejection.Status != 503 || rejection.Body != "later" {
		t.Errorf("the second is told %+v", rejection)
	}
}

func TestARuleMayBeAboutWhoIsNoApp(t *testing.T) {
	inForceWith(t, sealedSnapshot(t, rateOf("call:pay.test", "")))
	https := get("pay.test:8443")
	https.Scheme = "https"
	went, err := attempts(t, context.Background(), https)
	if len(went) != 1 || went[0] != "" || err != nil {
		t.Errorf("it went to %q, %v", went, err)
	}
	if _, rejection := Depart(context.Background(), https); rejection == nil {
		t.Error("the second was let through")
	}
}

func TestARuleMayBeAboutCallsOfOneCaller(t *testing.T) {
	inForceWith(t, sealedSnapshot(t, rateOf("/x", `,"selection":{"callers":["web"]}`)))
	ask := func(caller string) *Rejection {
		r, rejection := Begin(context.Background(), &Inbound{
			Method: "GET", Path: "/x", Header: map[string][]string{"Fairlead-Caller": {caller}},
		})
		r.End(200, -1, false)
		return rejection
	}
	for i, caller := range []string{"web", "other", "other"} {
		if rejection := ask(caller); rejection != nil {
			t.Errorf("call %d of %s is told %+v", i, caller, rejection)
		}
	}
	if ask("web") == nil {
		t.Error("the second call of web was let through")
	}
}

func TestACallThatFailsOpensTheBreakerAtItsGate(t *testing.T) {
	inForceWith(t, sealedSnapshot(t, `{"breakers":[{"rule":"CircuitBreakerStrategy/x","strategy":"x",
		"resource":"call:b","strategy_kind":"error-count","threshold":2,"window_ms":60000,"min_requests":1,"recovery_ms":60000}]}`))
	for i := 0; i < 4; i++ {
		c, rejection := Depart(context.Background(), get("b"))
		if i == 3 && rejection == nil {
			t.Error("a fourth call after three that failed was let through")
		}
		if rejection != nil {
			return
		}
		c.Next()
		c.Ended(503, -1, NoFault)
		c.Next()
		c.Close()
	}
}
