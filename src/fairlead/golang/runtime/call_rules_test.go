package fairlead

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

const hostOfB = "b.default.svc.cluster.local"

func clusterOf(subset string) string { return "outbound|80|" + subset + "|" + hostOfB }

// ruledMesh is app b of three instances, of which two are of subset v2, and rules in JSON.
func ruledMesh(t testing.TB, routes, clusters string) {
	t.Helper()
	text := fmt.Sprintf(`{"callees":[{"namespace":"default","app":"b","host":%q,"routes":%s,"clusters":%s}]}`,
		hostOfB, routes, clusters)
	plain, err := parseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	rules, reading := &callRules{}, &jsonReading{}
	if err := reading.readJSON(plain, rules, "calls"); err != nil {
		t.Fatal(err)
	}
	rules.keepSound(reading)
	if len(reading.refused) > 0 {
		t.Fatal(reading.refused)
	}
	s := meshOf(app("b", at("1:1", ""), at("2:1", ""), at("3:1", "")), app("c", at("c:1", "")))
	s.Governance, s.Calls = governanceOn, rules
	kept = keptState{}
	forgetAvoided(t)
	inForceWith(t, s)
}

func routeTo(more, subset string) string {
	return fmt.Sprintf(`[{"name":"VirtualService/b http[0]",%s"action":{"is":"forward","clusters":[{"cluster":%q}]}}]`,
		more, clusterOf(subset))
}

const twoSubsets = `[{"subset":"v1","addresses":["1:1"]},{"subset":"v2","addresses":["2:1","3:1"]}]`

// answers makes a call whose attempts are answered by statuses, and returns its targets.
func answers(t testing.TB, ctx context.Context, out *Outbound, statuses ...int) (went []Target, c *Call, err error) {
	t.Helper()
	c, rejection := Depart(ctx, out)
	if rejection != nil {
		t.Fatal(rejection)
	}
	defer c.Close()
	for i := 0; ; i++ {
		target, more, err := c.Next()
		if err != nil || !more {
			return went, c, err
		}
		went = append(went, target)
		if target.Answer != nil {
			continue
		}
		c.Ended(statuses[min(i, len(statuses)-1)], -1, NoFault)
	}
}

func addressesOf(went []Target) string {
	var found []string
	for _, one := range went {
		found = append(found, one.Address)
	}
	return strings.Join(found, " ")
}

func again(host string) *Outbound {
	out := get(host)
	out.Again = true
	return out
}

func TestARouteSaysWhichSubsetIsCalled(t *testing.T) {
	routes := strings.TrimSuffix(routeTo(`"match":{"headers":[{"name":"x-v","text":{"kind":"exact","value":"1"}}]},`, "v1"), "]") +
		"," + routeTo("", "v2")[1:]
	ruledMesh(t, routes, twoSubsets)
	one := get("b")
	one.Header["X-V"] = []string{"1"}
	if went, _, err := answers(t, context.Background(), one, 200); addressesOf(went) != "1:1" {
		t.Errorf("the first route led to %v, %v", went, err)
	}
	for i := 0; i < 20; i++ {
		if went, _, err := answers(t, context.Background(), get("b"), 200); len(went) != 1 || went[0].Address == "1:1" {
			t.Errorf("the second route led to %v, %v", went, err)
		}
	}
}

func TestACallThatNoRouteIsForIsAnswered404(t *testing.T) {
	ruledMesh(t, routeTo(`"match":{"path":{"kind":"exact","value":"/other"}},`, ""), "[]")
	went, c, err := answers(t, context.Background(), get("b"), 200)
	if err != nil || len(went) != 1 || went[0].Answer == nil || went[0].Answer.Status != 404 || c.failed() {
		t.Errorf("it went to %v, %v", went, err)
	}
}

func TestWhatARuleNamesIsSentAgain(t *testing.T) {
	ruledMesh(t, routeTo(`"retry":{"attempts":2,"on":["5xx"],"backoff":0.001,"longest":0.002},`, ""), "[]")
	went, c, _ := answers(t, context.Background(), again("b"), 503)
	if len(went) != 3 || c.sent != 3 {
		t.Errorf("it went to %v", addressesOf(went))
	}
	if went[0].Address == went[1].Address || went[1].Address == went[2].Address {
		t.Errorf("an instance that has failed was tried again: %v", addressesOf(went))
	}
	if last := went[2].Set[len(went[2].Set)-1]; last != [2]string{"X-Envoy-Attempt-Count", "3"} {
		t.Errorf("the callee is told %v", went[2].Set)
	}
	post := again("b")
	post.Method = "POST"
	if went, _, _ = answers(t, context.Background(), post, 503); len(went) != 1 {
		t.Errorf("a POST was sent again: %v", addressesOf(went))
	}
	if went, _, _ = answers(t, context.Background(), again("b"), 500, 200); len(went) != 2 {
		t.Errorf("what ended well was sent again: %v", addressesOf(went))
	}
}

func TestABudgetBoundsRepetitions(t *testing.T) {
	ruledMesh(t, routeTo(`"retry":{"attempts":2,"on":["5xx"],"backoff":0.0,"longest":0.0},`, ""), "[]")
	sent := 0
	for i := 0; i < 100; i++ {
		went, _, _ := answers(t, context.Background(), again("b"), 503)
		sent += len(went)
	}
	if sent > 130 {
		t.Errorf("100 calls that failed were %d", sent)
	}
}

func TestATimeIsDataAndItsEndAnError(t *testing.T) {
	ruledMesh(t, routeTo(`"timeout":0.02,`, ""), "[]")
	c, _ := Depart(context.Background(), get("b"))
	defer c.Close()
	target, _, _ := c.Next()
	if target.Deadline == 0 || target.Set[len(target.Set)-1][0] != "X-Fairlead-Deadline-Ms" {
		t.Errorf("the attempt has %v", target)
	}
	sleep(context.Background(), 20e6)
	c.Ended(0, -1, Timeout)
	_, more, err := c.Next()
	timeout, ok := err.(net.Error)
	if more || !ok || !timeout.Timeout() || err.Error() != "fairlead: no answer of 'b' within 20 ms (VirtualService/b http[0])" {
		t.Errorf("it ends in %v", err)
	}
}

func TestACallHasNoMoreTimeThanItsRequest(t *testing.T) {
	ruledMesh(t, "[]", "[]")
	header := map[string][]string{"X-Fairlead-Deadline-Ms": {"50"}, "X-Envoy-Attempt-Count": {"2"}}
	r, _ := Begin(context.Background(), &Inbound{Method: "GET", Header: header})
	defer r.End(200, -1, false)
	for _, host := range []string{"b", "c"} {
		c, _ := Depart(r, get(host))
		target, _, _ := c.Next()
		c.Close()
		told := fmt.Sprint(target.Set)
		if target.Deadline == 0 || !strings.Contains(told, "X-Fairlead-Deadline-Ms") || !strings.Contains(told, "[X-Envoy-Attempt-Count 2]") {
			t.Errorf("a call of %s has %v", host, target)
		}
	}
}

func TestAFaultOnPurposeIsAnAnswer(t *testing.T) {
	ruledMesh(t, routeTo(`"injection":{"status":418,"abort_percent":100.0},`, ""), "[]")
	went, _, err := answers(t, context.Background(), get("b"), 200)
	if err != nil || len(went) != 1 || went[0].Answer == nil || went[0].Answer.Status != 418 {
		t.Errorf("it went to %v, %v", went, err)
	}
}

func TestAnAnswerAndARedirectAreGivenAtOnce(t *testing.T) {
	ruledMesh(t, `[{"name":"V/b http[0]","match":{"path":{"kind":"exact","value":"/x"}},"action":{"is":"answer","status":418,"body":"tea"}}]`, "[]")
	went, _, _ := answers(t, context.Background(), get("b"), 200)
	if answer := went[0].Answer; answer == nil || answer.Status != 418 || answer.Body != "tea" {
		t.Errorf("it is answered %v", went)
	}
	ruledMesh(t, `[{"name":"V/b http[0]","action":{"is":"redirect","code":302,"path":"/y"}}]`, "[]")
	went, _, _ = answers(t, context.Background(), get("b"), 200)
	if answer := went[0].Answer; answer == nil || answer.Header[0] != [2]string{"location", "http://b/y"} {
		t.Errorf("it is answered %v", went)
	}
}

func TestARewriteAndHeadersAreWritten(t *testing.T) {
	routes := fmt.Sprintf(`[{"name":"V/b http[0]","match":{"path":{"kind":"prefix","value":"/x"}},
		"changes":{"request_set":[{"name":"X-A","value":"1"},{"name":"baggage","value":"x"}],"response_set":[{"name":"x-b","value":"2"}]},
		"action":{"is":"forward","path":{"prefix":"/y"},"host":{"literal":"other"},"clusters":[{"cluster":%q}]}}]`, clusterOf(""))
	ruledMesh(t, routes, "[]")
	out := get("b")
	out.Path, out.RawQuery = "/x/1", "q=2"
	went, c, _ := answers(t, context.Background(), out, 200)
	if went[0].Path != "/y/1?q=2" || went[0].Host != "other" || !strings.Contains(fmt.Sprint(went[0].Add), "[X-A 1]") {
		t.Errorf("it is sent as %+v", went[0])
	}
	for _, one := range went[0].Add {
		if one[0] == "Baggage" {
			t.Error("a rule has changed a lane's label")
		}
	}
	header := map[string][]string{}
	c.Arrived(header)
	if len(header["X-B"]) != 1 {
		t.Errorf("its answer has %v", header)
	}
}

func TestAMirrorIsData(t *testing.T) {
	routes := fmt.Sprintf(`[{"name":"V/b http[0]","action":{"is":"forward","clusters":[{"cluster":%q}],"mirrors":[{"cluster":%q}]}}]`,
		clusterOf("v1"), "outbound|80||c.default.svc.cluster.local")
	ruledMesh(t, routes, twoSubsets)
	went, _, _ := answers(t, context.Background(), again("b"), 200)
	if len(went) != 1 || fmt.Sprint(went[0].Copies) != "[c:1]" {
		t.Errorf("it is copied to %+v", went)
	}
}

func TestAnotherAppIsCalledUnderItsName(t *testing.T) {
	routes := `[{"name":"V/b http[0]","action":{"is":"forward","clusters":[{"cluster":"outbound|80||c.default.svc.cluster.local"}]}}]`
	ruledMesh(t, routes, "[]")
	if went, _, err := answers(t, context.Background(), get("b"), 200); addressesOf(went) != "c:1" {
		t.Errorf("it went to %v, %v", went, err)
	}
}

func TestASubsetThatNobodyDescribesIsAnError(t *testing.T) {
	ruledMesh(t, routeTo("", "v9"), "[]")
	_, _, err := answers(t, context.Background(), get("b"), 200)
	if err == nil || err.Error() != "dial tcp: fairlead: no live endpoint of app 'b.default', subset 'v9', for lane 'base'" {
		t.Errorf("it ends in %v", err)
	}
}

func TestAnInstanceThatFailsIsLeftOut(t *testing.T) {
	ruledMesh(t, routeTo("", ""), `[{"outlier":{"consecutive_5xx":2,"most_ejected":50.0}}]`)
	for i := 0; i < 40; i++ {
		c, _ := Depart(context.Background(), get("b"))
		target, _, _ := c.Next()
		status := 200
		if target.Address == "1:1" {
			status = 500
		}
		c.Ended(status, -1, NoFault)
		c.Close()
		if i > 20 && target.Address == "1:1" {
			t.Fatalf("call %d went to who fails", i)
		}
	}
}

func TestAsManyCallsAsARuleLets(t *testing.T) {
	ruledMesh(t, "[]", `[{"rule":"DestinationRule/b","most_requests":1}]`)
	first, _ := Depart(context.Background(), get("b"))
	if target, _, _ := first.Next(); target.Address == "" {
		t.Fatalf("the first went to %+v", target)
	}
	second, _ := Depart(context.Background(), get("b"))
	if target, _, _ := second.Next(); target.Answer == nil || target.Answer.Status != 503 {
		t.Errorf("the second went to %+v", target)
	}
	second.Close()
	first.Ended(200, -1, NoFault)
	first.Close()
	third, _ := Depart(context.Background(), get("b"))
	if target, _, _ := third.Next(); target.Address == "" {
		t.Errorf("the third went to %+v", target)
	}
	third.Close()
}

func TestAHashLeadsToOneInstance(t *testing.T) {
	for _, algorithm := range []string{ringHash, maglevHash} {
		ruledMesh(t, "[]", fmt.Sprintf(`[{"balance":{"algorithm":%q,"key":"header","name":"x-user"}}]`, algorithm))
		seen := map[string]bool{}
		for user := 0; user < 30; user++ {
			out := get("b")
			out.Header["X-User"] = []string{fmt.Sprint(user)}
			first, _, _ := answers(t, context.Background(), out, 200)
			second, _, _ := answers(t, context.Background(), out, 200)
			if first[0].Address != second[0].Address {
				t.Errorf("%s leads user %d to %s and %s", algorithm, user, first[0].Address, second[0].Address)
			}
			seen[first[0].Address] = true
		}
		if len(seen) != 3 {
			t.Errorf("%s leads all users to %v", algorithm, seen)
		}
	}
}

func TestCallsAtTheSameTimeAreCountedApart(t *testing.T) {
	ruledMesh(t, routeTo(`"retry":{"attempts":1,"on":["5xx"],"backoff":0.0,"longest":0.0},`, ""),
		`[{"balance":{"algorithm":"LEAST_REQUEST"},"outlier":{"consecutive_5xx":1}}]`)
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for j := 0; j < 50; j++ {
				answers(t, context.Background(), again("b"), 200+300*(j%2))
				if i == 0 && j%10 == 0 {
					apply(current().snapshot)
				}
			}
		}(i)
	}
	group.Wait()
	if standing := kept.standingOf("default", "b", ""); standing.hosts.active != 0 {
		t.Errorf("%d calls are under way", standing.hosts.active)
	}
}
