package fairlead

import (
	"encoding/json"
	"fmt"
)

// What rules about calls decide, asked as the Python agent is (tests/golang/test_calls_alike.py).

func init() {
	questions["hash"] = askedHash
	questions["near"] = askedNear
	questions["met"] = askedMet
	questions["spelt"] = askedSpelt
	questions["problem"] = askedProblem
	questions["change"] = askedChange
	questions["order"] = askedOrder
}

func askedHash(line json.RawMessage) (any, error) {
	var ask struct {
		Algorithm string
		Names     []string
		Size      int
		Keys      []string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	made := maglevOf
	if ask.Algorithm == ringHash {
		made = ringOf
	}
	table, found := made(ask.Names, ask.Size), [][]int{}
	for _, key := range ask.Keys {
		found = append(found, table(hashOf(key)))
	}
	return found, nil
}

func readAsked(text string, into any) error {
	plain, err := parseJSON([]byte(text))
	if err != nil {
		return err
	}
	reading := &jsonReading{}
	if err := reading.readJSON(plain, into, "asked"); err != nil {
		return err
	}
	if len(reading.refused) > 0 {
		return fmt.Errorf("%q", reading.refused)
	}
	return nil
}

// askedNear says the parts of endpoints by their places, their weights, and what is called where some
// of them are left out.
func askedNear(line json.RawMessage) (any, error) {
	var ask struct {
		Rule, Own string
		Endpoints [][2]string // address and zone
		Out       []string
		Chance    float64
		Strict    bool
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	rule, own := &localityRule{}, &workload{}
	if err := readAsked(ask.Rule, rule); err != nil {
		return nil, err
	}
	if err := readAsked(ask.Own, own); err != nil {
		return nil, err
	}
	var all []*endpoint
	for _, one := range ask.Endpoints {
		all = append(all, &endpoint{address: one[0], place: readPlace(one[1])})
	}
	found := nearOf(all, rule, callerOf(own), ask.Strict)
	if found == nil {
		return map[string]any{"parts": nil}, nil
	}
	out := setOf(ask.Out)
	var well [][]*endpoint
	for _, part := range found.parts {
		var kept []*endpoint
		for _, one := range part {
			if !out[one.address] {
				kept = append(kept, one)
			}
		}
		well = append(well, kept)
	}
	healthy := [][]string{}
	for _, part := range found.healthy(well, ask.Chance) {
		if len(part) > 0 {
			healthy = append(healthy, namesOf(part))
		}
	}
	parts := [][]string{}
	for _, part := range found.parts {
		parts = append(parts, namesOf(part))
	}
	return map[string]any{"parts": parts, "turns": append([]int{}, found.turns...), "healthy": healthy}, nil
}

func askedMet(line json.RawMessage) (any, error) {
	var ask struct {
		Rule   string
		Method string
		Grpc   bool
		Again  bool
		Fault  int
		Status int
		Code   int
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	rule := &retryRule{}
	if err := readAsked(ask.Rule, rule); err != nil {
		return nil, err
	}
	c := &Call{out: Outbound{Method: ask.Method, GRPC: ask.Grpc, Again: ask.Again}}
	c.last = ended{fault: Fault(ask.Fault), status: ask.Status, grpc: ask.Code}
	return conditionsOf(rule).met(c), nil
}

func askedSpelt(line json.RawMessage) (any, error) {
	var ask struct {
		Seconds float64
		Rule    string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	return spelled(ask.Seconds, ask.Rule), nil
}

// askedProblem says what is wrong with a route or a cluster.
func askedProblem(line json.RawMessage) (any, error) {
	var ask struct{ Route, Cluster string }
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	if ask.Route != "" {
		route := &routeRule{}
		err := readAsked(ask.Route, route)
		return route.problem(), err
	}
	cluster := &clusterRule{}
	err := readAsked(ask.Cluster, cluster)
	return cluster.problem(), err
}

// askedChange says what a route of one cluster changes of a call and of its answer.
func askedChange(line json.RawMessage) (any, error) {
	var ask struct {
		Route   string
		Call    routeQuestion
		Answers [][2]string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	rules := make([]routeRule, 1)
	if err := readAsked(ask.Route, &rules[0]); err != nil {
		return nil, err
	}
	compiled, err := compileRoutes(rules)
	if err != nil {
		return nil, err
	}
	route := way{compiledRoute: compiled[0]}
	changing := changingOf(&route, &rules[0].Action.forward.Clusters[0])
	if changing == nil {
		return nil, nil
	}
	q := ask.Call.request()
	q.joined = true
	change := changing.of(q)
	header := map[string][]string{}
	for _, one := range ask.Answers {
		name := headerNamed(one[0]).canonical
		header[name] = append(header[name], one[1])
	}
	change.answer(header)
	return map[string]any{
		"path": change.path, "host": change.host, "removed": append([]string{}, change.removed...),
		"added": append([][2]string{}, change.added...), "answer": header,
	}, nil
}

// askedOrder says where a call goes whose attempts are all refused, and what the error is in the end.
func askedOrder(line json.RawMessage) (any, error) {
	var ask struct {
		Snapshot, Host, Lane string
		Turns                int
		Faults               []int
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	s, refused, err := readSnapshot([]byte(ask.Snapshot))
	if err != nil || len(refused) > 0 {
		return nil, fmt.Errorf("%w %q", err, refused)
	}
	avoided.until.Store(nil)
	p := build(s)
	for _, one := range p.services.callees {
		for _, pool := range one.pools {
			pool.turns.Store(uint64(ask.Turns) - 1)
		}
	}
	found := p.services.callees[ask.Host]
	if found == nil {
		return nil, fmt.Errorf("%q is nobody", ask.Host)
	}
	c := &Call{plan: p, callee: found, lane: ask.Lane, out: Outbound{Method: "GET", Host: ask.Host}}
	went := []string{}
	for i := 0; ; i++ {
		target, more, err := c.reach()
		if err != nil {
			return map[string]any{"went": went, "said": err.Error()}, nil
		}
		if !more {
			return map[string]any{"went": went, "said": ""}, nil
		}
		went = append(went, target.Address)
		c.last = ended{fault: Fault(ask.Faults[min(i, len(ask.Faults)-1)]), grpc: -1}
	}
}
