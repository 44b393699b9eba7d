package fairlead

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
)

// The Python tests ask this binary what they ask the Python agent, so that both decide the same:
// each line of standard input is a question, each of standard output its answer.

var asked = flag.Bool("asked", false, "answer the questions of standard input")

// questions answer by kind; other files of tests add theirs.
var questions = map[string]func(ask json.RawMessage) (any, error){
	"snapshot":  askedSnapshot,
	"condition": askedCondition,
	"inherit":   askedInherit,
	"arrive":    askedArrive,
	"label":     askedLabel,
	"split":     askedSplit,
	"join":      askedJoin,
	"trace":     askedTrace,
	"part":      askedPart,
}

func TestMain(m *testing.M) {
	flag.Parse()
	if !*asked {
		os.Exit(m.Run())
	}
	lines, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		answer, err := answered(line)
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		text, _ := json.Marshal(answer)
		fmt.Fprintf(out, "%s\n", text)
		out.Flush()
	}
}

func answered(line []byte) (answer any, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %v", broken)
		}
	}()
	var kind struct{ Kind string }
	if err := json.Unmarshal(line, &kind); err != nil {
		return nil, err
	}
	question, ok := questions[kind.Kind]
	if !ok {
		return nil, fmt.Errorf("nobody answers %q", kind.Kind)
	}
	return question(line)
}

type askedRequest struct {
	Headers [][2]string
	Query   string
	Path    string
	Method  string
	Remote  string
	Grpc    bool
}

func (a *askedRequest) inbound() Inbound {
	in := Inbound{GRPC: a.Grpc, Method: a.Method, Path: a.Path, RawQuery: a.Query, Remote: a.Remote}
	in.Header = map[string][]string{}
	for _, one := range a.Headers {
		name := headerNamed(one[0]).spelt(a.Grpc)
		in.Header[name] = append(in.Header[name], bytesOf(one[1]))
	}
	return in
}

func askedSnapshot(line json.RawMessage) (any, error) {
	var ask struct{ Text string }
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	s, refused, err := readSnapshot([]byte(ask.Text))
	if err != nil {
		return nil, err
	}
	if refused == nil {
		refused = []string{}
	}
	return map[string]any{"digest": s.Digest, "revision": s.Revision, "refused": refused}, nil
}

func askedCondition(line json.RawMessage) (any, error) {
	var ask struct {
		Condition conditionRule
		Request   askedRequest
		Dice      float64
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	test, err := compileCondition(&ask.Condition)
	if err != nil {
		return nil, err
	}
	r := &Request{visit: &visit{in: ask.Request.inbound()}}
	return map[string]bool{"holds": test(view{r}, func() float64 { return ask.Dice })}, nil
}

func lanesOf(text string, distrusts bool) (*lanes, error) {
	s, refused, err := readSnapshot([]byte(text))
	if err != nil || len(refused) > 0 {
		return nil, fmt.Errorf("%w %q", err, refused)
	}
	told.distrusts = distrusts
	defer func() { told.distrusts = false }()
	return newLanes(s), nil
}

func askedInherit(line json.RawMessage) (any, error) {
	var ask struct {
		Snapshot string
		Distrust bool
		Request  askedRequest
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	l, err := lanesOf(ask.Snapshot, ask.Distrust)
	if err != nil {
		return nil, err
	}
	in := ask.Request.inbound()
	if !l.trusting {
		return map[string]string{"lane": l.own}, nil
	}
	return map[string]string{"lane": l.inherit(&in)}, nil
}

// askedArrive says the lane of a request and what is left of its headers.
func askedArrive(line json.RawMessage) (any, error) {
	var ask struct {
		Snapshot string
		Distrust bool
		Request  askedRequest
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	l, err := lanesOf(ask.Snapshot, ask.Distrust)
	if err != nil {
		return nil, err
	}
	r := &Request{visit: &visit{in: ask.Request.inbound()}}
	lane := l.arrive(r)
	for name, values := range r.in.Header {
		for i, value := range values {
			values[i] = latin(value)
		}
		r.in.Header[name] = values
	}
	return map[string]any{"lane": lane, "headers": r.in.Header}, nil
}

func askedLabel(line json.RawMessage) (any, error) {
	var ask struct {
		Snapshot string
		Lane     string
		Written  []string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	l, err := lanesOf(ask.Snapshot, false)
	if err != nil {
		return nil, err
	}
	return map[string]string{"label": l.label(ask.Lane, ask.Written)}, nil
}

func askedSplit(line json.RawMessage) (any, error) {
	var ask struct {
		Header string
		Keys   []string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	ours := map[string]string{}
	theirs := splitBaggage(ask.Header, setOf(ask.Keys), func(key, value string) {
		if _, there := ours[key]; !there {
			ours[key] = value
		}
	})
	return map[string]any{"ours": ours, "theirs": theirs}, nil
}

func askedJoin(line json.RawMessage) (any, error) {
	var ask struct{ Key, Value, Theirs string }
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	return map[string]string{"header": joinBaggage(ask.Key, ask.Value, ask.Theirs)}, nil
}

func askedTrace(line json.RawMessage) (any, error) {
	var ask struct{ Parent, State string }
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	parent, state := readTrace(ask.Parent, ask.State)
	return map[string]string{"parent": parent, "state": state}, nil
}

// askedPart says a part of a request as rules about flow ask for it.
func askedPart(line json.RawMessage) (any, error) {
	var ask struct {
		Request      askedRequest
		Source, Name string
		Template     string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	r := &Request{visit: &visit{in: ask.Request.inbound(), template: ask.Template}}
	one, several, known := (*served)(r).value(&param{Source: ask.Source, Name: ask.Name})
	return map[string]any{"one": one, "several": several, "known": known}, nil
}
