package fairlead

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The corpus of routing is asked through these (tests/conformance/routing).

func init() {
	questions["table"] = askedTable
	questions["route"] = askedRoute
	questions["replaced"] = askedReplaced
	questions["matches"] = askedMatches
}

var askedTables = map[string]*router{}

func askedTable(line json.RawMessage) (any, error) {
	var ask struct{ Name, Text string }
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	plain, err := parseJSON([]byte(ask.Text))
	if err != nil {
		return nil, err
	}
	table, reading := &routeTable{}, &jsonReading{}
	if err := reading.readJSON(plain, table, "table"); err != nil {
		return nil, err
	}
	if len(reading.refused) > 0 {
		return nil, fmt.Errorf("%q", reading.refused)
	}
	made, err := newRouter(table)
	askedTables[ask.Name] = made
	return "read", err
}

type routeQuestion struct {
	Method, Authority, Path, Scheme string
	Headers                         [][2]string
	Metadata                        map[string]any
	Random                          string
	Answers                         [][2]string
}

func (a *routeQuestion) request() *routeRequest {
	q := &routeRequest{
		method: a.Method, authority: a.Authority, path: a.Path, scheme: a.Scheme, metadata: a.Metadata,
		headers: map[string][]string{},
	}
	random, _ := strconv.ParseUint(a.Random, 10, 64)
	q.random = func() uint64 { return random }
	for _, one := range a.Headers {
		name := headerNamed(strings.ToLower(one[0])).canonical
		q.headers[name] = append(q.headers[name], one[1])
	}
	return q
}

// pairs are the request's headers in their order, repeated ones joined.
func (a *routeQuestion) pairs() (found headerPairs) {
	for _, one := range a.Headers {
		name := strings.ToLower(one[0])
		if before, there := found.value(name); there {
			found.replace(name, before+","+one[1])
		} else {
			found = append(found, [2]string{name, one[1]})
		}
	}
	return found
}

func askedRoute(line json.RawMessage) (any, error) {
	var ask struct {
		Name     string
		Requests []routeQuestion
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	found := []any{}
	for i := range ask.Requests {
		one := &ask.Requests[i]
		found = append(found, answerOf(askedTables[ask.Name].route(one.request()), one))
	}
	return found, nil
}

func answerOf(d *decision, ask *routeQuestion) map[string]any {
	found := map[string]any{
		"cluster": d.cluster, "virtual_host": "", "route": "", "status": d.status(), "location": nil,
		"body": nil, "missing": nil, "timeout": nil, "mirrors": append([]string{}, d.mirrors()...),
		"sent": d.sentHeaders(ask.pairs()), "got": append(headerPairs{}, d.answeredHeaders(lowered(ask.Answers))...),
	}
	if d.host != nil {
		found["virtual_host"] = d.host.Name
	}
	if d.route == nil {
		return found
	}
	rule := d.route.rule
	found["route"], found["timeout"] = rule.Name, rule.Timeout
	if rule.Action.redirect != nil {
		found["location"] = rule.Action.redirect.location(d.request, &rule.Match.Path)
	}
	if rule.Action.answer != nil {
		found["body"] = rule.Action.answer.Body
	}
	if rule.Action.forward != nil {
		found["missing"] = rule.Action.forward.Missing
	}
	return found
}

func lowered(pairs [][2]string) (found headerPairs) {
	for _, one := range pairs {
		found = append(found, [2]string{strings.ToLower(one[0]), one[1]})
	}
	return found
}

// askedReplaced says what an expression of a route makes of texts, and whether all of each matches.
func askedReplaced(line json.RawMessage) (any, error) {
	var ask struct {
		Regex, Text string
		Subjects    []string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	rule := &substitutionRule{Regex: ask.Regex, Text: ask.Text}
	if err := rule.check(); err != nil {
		return nil, err
	}
	pattern, err := whole(ask.Regex)
	if err != nil {
		return nil, err
	}
	found := []any{}
	for _, one := range ask.Subjects {
		found = append(found, []any{expressionMatches(pattern, one), rule.compiled().of(one)})
	}
	return found, nil
}

// askedMatches says whether a request is one that a match is about.
func askedMatches(line json.RawMessage) (any, error) {
	var ask struct {
		Match  string
		Call   routeQuestion
		Source string
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return nil, err
	}
	rule := &matchRule{}
	if err := readAsked(ask.Match, rule); err != nil {
		return nil, err
	}
	tests, err := compileMatch(rule)
	if err != nil {
		return nil, err
	}
	q := ask.Call.request()
	q.sourceIP = ask.Source
	return holdsAll(tests, q, q.plain()), nil
}
