package fairlead

import (
	"encoding/json"
	"fmt"
)

// What comes by a process's door is played here under the clock of who asks, one list of events for
// each process.

func init() {
	questions["overload"] = askedOverload
	questions["standstill"] = askedStandstill
}

type doorEvent struct {
	Do      string // of apply, begin, blind, sample, enter, leave, release
	At      int64  // ns
	Since   int64  // of who leaves
	Rule    json.RawMessage
	Watched bool    // whether the rule only simulates
	Cores   float64 // of begin
	Load    [3]float64
	Path    string
	Headers [][2]string
}

func askedOverload(line json.RawMessage) (any, error) {
	var ask struct{ Events []doorEvent }
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	p, answers := &protection{cores: 1}, []any{}
	for i := range ask.Events {
		answer, err := ask.Events[i].come(p)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

func (e *doorEvent) come(p *protection) (any, error) {
	switch e.Do {
	case "apply":
		return nil, e.apply(p)
	case "begin":
		p.begin(e.Cores)
	case "blind":
		p.goBlind()
	case "sample":
		p.sample(float64(e.At)/float64(second), load{cpu: e.Load[0], memory: e.Load[1], descriptors: e.Load[2]})
	case "leave":
		p.leave(e.At, e.At-e.Since)
	case "release":
		p.release()
	case "enter":
		return e.enter(p), nil
	default:
		return nil, fmt.Errorf("nobody does %q", e.Do)
	}
	return nil, nil
}

func (e *doorEvent) apply(p *protection) error {
	if string(e.Rule) == "null" {
		p.apply(nil)
		return nil
	}
	rule := &overloadRule{}
	if _, err := rulesIn(e.Rule, rule, "overload"); err != nil {
		return err
	}
	if err := rule.problem(); err != nil {
		return err
	}
	if e.Watched {
		rule.Mode = modeSimulate
	}
	p.apply(rule)
	return nil
}

func (e *doorEvent) enter(p *protection) any {
	asked := askedRequest{Path: e.Path, Headers: e.Headers}
	rejection, would, in := p.admit(e.Path, asked.inbound().Header, e.At)
	answer := map[string]any{"in": in, "inside": p.inside, "refused": nil, "would": nil}
	if rejection != nil {
		answer["refused"] = saidIn(rejection)
	}
	if would != nil {
		answer["would"] = saidIn(would)
	}
	if found, is := p.strategy.(*adaptive); is {
		answer["room"] = found.limit
	}
	return answer
}

// askedStandstill tells after each window whether requests stand in a queue, and the response time that
// has turned out to be the usual one, if any.
func askedStandstill(line json.RawMessage) (any, error) {
	var ask struct {
		Windows []struct {
			Passed, Ended, Mean, Should, Rate float64
			Turned                            bool
		}
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	var s standstill
	answers := [][2]any{}
	for _, one := range ask.Windows {
		answer := [2]any{false, nil}
		if usual, found := s.settle(span{one.Passed, one.Ended, one.Mean}, one.Should, one.Rate, one.Turned); found {
			answer[1] = usual
		}
		answer[0] = s.on
		answers = append(answers, answer)
	}
	return answers, nil
}
