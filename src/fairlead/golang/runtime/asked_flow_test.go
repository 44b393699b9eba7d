package fairlead

import (
	"encoding/json"
	"fmt"
)

// The cases of tests/conformance are played at these gates, under the clock of who asks.

func init() {
	questions["flow.world"] = askedWorld
	questions["flow.apply"] = askedApply
	questions["flow.enter"] = askedEnter
	questions["flow.end"] = askedEnd
	questions["flow.problem"] = askedFlowProblem
	questions["flow.warmup"] = askedWarmUp
	questions["flow.hot"] = askedHot
}

type playedWorld struct {
	*world
	time    int64
	used    int64
	entries map[int]*entry
	changes [][3]string
}

var playedWorlds []*playedWorld

func rulesIn(plain json.RawMessage, into any, path string) (*jsonReading, error) {
	value, err := parseJSON(plain)
	if err != nil {
		return nil, err
	}
	reading := &jsonReading{}
	return reading, reading.readJSON(value, into, path)
}

func flowIn(plain json.RawMessage) (*flowRules, error) {
	rules := &flowRules{}
	reading, err := rulesIn(plain, rules, "flow")
	if err == nil {
		err = rules.keepSound(reading)
	}
	if err == nil {
		err = rules.check()
	}
	if err == nil && len(reading.refused) > 0 {
		err = fmt.Errorf("refused: %v", reading.refused)
	}
	return rules, err
}

type playedMoment struct {
	World  int
	Time   int64
	Memory int64
}

func (m *playedMoment) come() *playedWorld {
	w := playedWorlds[m.World]
	w.time, w.used, w.changes = m.Time, m.Memory, [][3]string{}
	return w
}

func askedWorld(line json.RawMessage) (any, error) {
	w := &playedWorld{world: newWorld(), entries: map[int]*entry{}}
	w.clock = func() int64 { return w.time }
	w.memory = func() int64 { return w.used }
	w.hears = func(r *rule, resource string, before, after int) {
		w.changes = append(w.changes, [3]string{r.Strategy, stateNames[before], stateNames[after]})
	}
	playedWorlds = append(playedWorlds, w)
	return map[string]int{"world": len(playedWorlds) - 1}, nil
}

func askedApply(line json.RawMessage) (any, error) {
	var ask struct {
		playedMoment
		Rules    json.RawMessage
		Simulate bool
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	rules, err := flowIn(ask.Rules)
	if err != nil {
		return nil, err
	}
	w := ask.come()
	if ask.Simulate {
		rules = rules.simulated()
	}
	w.apply(rules)
	return map[string]any{"changes": w.changes}, nil
}

type playedFacts struct {
	Caller   string
	Entrance string
	Values   []struct {
		Source, Name, One string
		Several           []string
	}
}

func (f *playedFacts) caller() string   { return f.Caller }
func (f *playedFacts) entrance() string { return f.Entrance }
func (f *playedFacts) value(p *param) (string, []string, bool) {
	for _, one := range f.Values {
		if one.Source == p.Source && one.Name == p.Name {
			return one.One, one.Several, true
		}
	}
	return "", nil, false
}

func askedEnter(line json.RawMessage) (any, error) {
	var ask struct {
		playedMoment
		Entry int
		Name  string
		N     int64
		Prior bool
		Facts playedFacts
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	w := ask.come()
	e := &entry{}
	g := w.gate(ask.Name, true)
	if g == nil {
		return map[string]any{"wait": 0, "changes": w.changes}, nil
	}
	r := g.admit(&ask.Facts, e, ask.N, ask.Prior)
	answer := map[string]any{"wait": e.wait, "changes": w.changes, "refused": saidIn(r), "would": saidIn(e.would)}
	if r == nil {
		w.entries[ask.Entry] = e
	}
	return answer, nil
}

func saidIn(r *Rejection) any {
	if r == nil {
		return nil
	}
	return map[string]any{
		"rule": r.Rule, "strategy": r.why.rule.Strategy, "reason": r.Reason, "resource": r.Resource,
		"after": r.why.after, "status": r.Status, "body": r.Body, "headers": r.Header, "answers": r.Answers,
		"grpc": r.GRPCStatus, "message": r.GRPCMessage, "others": saidIn(r.next),
	}
}

func askedEnd(line json.RawMessage) (any, error) {
	var ask struct {
		playedMoment
		Entry  int
		Begins bool
		Failed bool
		Status int
		GRPC   int
		Fault  string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	w := ask.come()
	e := w.entries[ask.Entry]
	if e == nil {
		return map[string]any{"changes": w.changes}, nil
	}
	if ask.Begins {
		e.begin()
	} else {
		e.exit(&outcome{status: ask.Status, grpc: ask.GRPC, fault: ask.Fault, failed: ask.Failed})
		delete(w.entries, ask.Entry)
	}
	return map[string]any{"changes": w.changes}, nil
}

func askedFlowProblem(line json.RawMessage) (any, error) {
	var ask struct{ Rules json.RawMessage }
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	_, err := flowIn(ask.Rules)
	if err != nil {
		return map[string]string{"problem": err.Error()}, nil
	}
	return map[string]any{"problem": nil}, nil
}

var playedShapes []*warmUp

// askedWarmUp makes a shape, or asks one what may pass.
func askedWarmUp(line json.RawMessage) (any, error) {
	var ask struct {
		Made      *int
		Threshold float64
		WindowMs  int64
		PeriodMs  int64
		Cold      float64
		Count     int64
		Time      int64
		Allowed   bool
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	if ask.Made == nil {
		made := newWarmUp(ask.Threshold, ask.WindowMs, &warmUpRule{ask.PeriodMs, ask.Cold})
		playedShapes = append(playedShapes, made)
		return map[string]any{
			"made": len(playedShapes) - 1, "warning": made.warning, "max": made.deepest, "slope": made.slope,
		}, nil
	}
	shape := playedShapes[*ask.Made]
	if ask.Allowed {
		return map[string]float64{"allowed": shape.allowed(ask.Count, ask.Time)}, nil
	}
	return map[string]int64{"limit": shape.limit(ask.Count, ask.Time)}, nil
}

var playedHots []*hot
var playedHeld [][]hotKey

// askedHot makes a hotRule's values, or has some of them tested, taken, left or counted.
func askedHot(line json.RawMessage) (any, error) {
	var ask struct {
		Made  *int
		Rule  json.RawMessage
		Do    string
		Time  int64
		N     int64
		Value string
		Held  int
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	if ask.Made == nil {
		rule := &hotRule{}
		if _, err := rulesIn(ask.Rule, rule, "rule"); err != nil {
			return nil, err
		}
		playedHots = append(playedHots, newHot(rule))
		return map[string]int{"made": len(playedHots) - 1}, nil
	}
	h, v := playedHots[*ask.Made], &valueAsked{one: ask.Value, known: true}
	switch ask.Do {
	case "test":
		return map[string]int64{"wait": h.test(ask.Time, ask.N, v)}, nil
	case "take":
		h.test(ask.Time, ask.N, v)
		playedHeld = append(playedHeld, h.take(ask.Time, ask.N, v))
		return map[string]int{"held": len(playedHeld) - 1}, nil
	case "leave":
		h.leave(playedHeld[ask.Held])
	}
	if h.inside != nil {
		return map[string]int{"count": len(h.inside)}, nil
	}
	return map[string]int{"count": len(h.recent.index)}, nil
}
