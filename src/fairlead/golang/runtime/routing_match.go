package fairlead

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Tests of a route's match (fairlead.policy.routing.predicates). Expressions are RE2's, as Go's are.

// routeTest answers for a request and its path without the query; textOK for a text.
type (
	routeTest func(q *routeRequest, plain string) bool
	textOK    func(text string) bool
)

// compileMatch returns all tests of a match, the cheap ones first.
func compileMatch(m *matchRule) ([]routeTest, error) {
	path, err := pathTest(&m.Path)
	if err != nil {
		return nil, err
	}
	tests := []routeTest{path}
	for i := range m.Headers {
		test, err := headerTest(&m.Headers[i])
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	for i := range m.Queries {
		test, err := queryTest(&m.Queries[i])
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	rest, err := restTests(m)
	return append(tests, rest...), err
}

func restTests(m *matchRule) (tests []routeTest, err error) {
	if m.GRPC {
		tests = append(tests, isGRPCRequest)
	}
	if m.TLS != nil {
		wanted := *m.TLS
		tests = append(tests, func(q *routeRequest, _ string) bool { return q.tls == wanted })
	}
	for i := range m.Cookies {
		one := &m.Cookies[i]
		text, err := routeText(&one.Text)
		if err != nil {
			return nil, err
		}
		tests = append(tests, func(q *routeRequest, _ string) bool {
			value, there := q.cookie(one.Name)
			return (there && text(value)) != one.Invert
		})
	}
	for i := range m.Metadata {
		test, err := metadataTest(&m.Metadata[i])
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	if m.Fraction != nil {
		tests = append(tests, func(q *routeRequest, _ string) bool { return m.Fraction.allows(q) })
	}
	for i := range m.Custom {
		test, err := customTest(&m.Custom[i])
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	return tests, nil
}

// allows tells whether a request is of that part of all. Nobody sets runtime's numbers here.
func (f *fractionRule) allows(q *routeRequest) bool {
	return f.Denominator > 0 && int64(q.random()%uint64(f.Denominator)) < f.Numerator
}

func isGRPCRequest(q *routeRequest, _ string) bool {
	kind, there := q.header("content-type")
	return there && (kind == "application/grpc" || strings.HasPrefix(kind, "application/grpc+"))
}

func pathTest(p *pathRule) (routeTest, error) {
	if p.Kind == "connect" {
		return func(q *routeRequest, _ string) bool { return q.method == "CONNECT" }, nil
	}
	text, err := pathText(p)
	return func(_ *routeRequest, plain string) bool { return text(plain) }, err
}

func pathText(p *pathRule) (textOK, error) {
	value := p.Value
	switch p.Kind {
	case "template":
		pattern, err := routeTemplate(value)
		return func(plain string) bool { return expressionMatches(pattern, plain) }, err
	case "separated-prefix":
		fold := func(text string) string { return text }
		if p.IgnoreCase {
			fold = strings.ToLower
		}
		wanted := fold(value)
		return func(plain string) bool {
			size := len(value)
			return len(plain) >= size && fold(plain[:size]) == wanted && (len(plain) == size || plain[size] == '/')
		}, nil
	}
	return routeText(&textRule{Kind: p.Kind, Value: value, IgnoreCase: p.IgnoreCase})
}

func routeText(t *textRule) (textOK, error) {
	if t.Kind == "regex" {
		pattern, err := whole(t.Value)
		return func(text string) bool { return expressionMatches(pattern, text) }, err
	}
	value := t.Value
	if t.IgnoreCase {
		value = strings.ToLower(value)
	}
	var test textOK
	switch t.Kind {
	case "exact":
		test = func(text string) bool { return text == value }
	case "prefix":
		test = func(text string) bool { return strings.HasPrefix(text, value) }
	case "suffix":
		test = func(text string) bool { return strings.HasSuffix(text, value) }
	case "contains":
		test = func(text string) bool { return strings.Contains(text, value) }
	default:
		return nil, fmt.Errorf("unknown kind of test: %s", pythonText(t.Kind))
	}
	if !t.IgnoreCase {
		return test, nil
	}
	return func(text string) bool { return test(strings.ToLower(text)) }, nil
}

func headerTest(h *headerRule) (routeTest, error) {
	name := h.Name
	if h.Text == nil && h.Range == nil {
		wanted := h.Present != h.Invert
		return func(q *routeRequest, _ string) bool {
			_, there := q.header(name)
			return (h.MissingIsEmpty || there) == wanted
		}, nil
	}
	text, err := headerValueTest(h)
	if err != nil {
		return nil, err
	}
	return func(q *routeRequest, _ string) bool {
		values := q.values(name)
		if len(values) == 0 {
			return h.MissingIsEmpty && text("") != h.Invert
		}
		for _, value := range values {
			if text(value) {
				return !h.Invert
			}
		}
		return h.Invert
	}, nil
}

func headerValueTest(h *headerRule) (textOK, error) {
	if h.Range == nil {
		return routeText(h.Text)
	}
	low, high := h.Range[0], h.Range[1]
	return func(value string) bool {
		value = trimSpace(value)
		if digits := strings.TrimLeft(value, "+-"); len(value)-len(digits) > 1 || !isDigits(digits, 19) {
			return false
		}
		number, err := strconv.ParseInt(value, 10, 64)
		return err == nil && low <= number && number < high
	}, nil
}

func queryTest(rule *queryRule) (routeTest, error) {
	name, wanted := rule.Name, rule.Present
	if rule.Text == nil {
		return func(q *routeRequest, _ string) bool {
			_, there := q.query(name)
			return there == wanted
		}, nil
	}
	text, err := routeText(rule.Text)
	return func(q *routeRequest, _ string) bool {
		value, there := q.query(name)
		return there && text(value)
	}, err
}

func metadataTest(m *metadataRule) (routeTest, error) {
	var text textOK
	if m.Text != nil {
		var err error
		if text, err = routeText(m.Text); err != nil {
			return nil, err
		}
	}
	return func(q *routeRequest, _ string) bool {
		found := q.said(m.Filter, m.Path)
		held := found != nil
		if text != nil {
			value, isText := found.(string)
			held = isText && text(value)
		}
		return held != m.Invert
	}, nil
}

// expression compiles one of RE2's.
func expression(pattern string) (*regexp.Regexp, error) {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%q is not a regular expression: %w", pattern, err)
	}
	return compiled, nil
}

// whole is an expression that has to match all of a subject.
func whole(pattern string) (*regexp.Regexp, error) {
	if _, err := expression(pattern); err != nil {
		return nil, err
	}
	return expression(`\A(?:` + pattern + `)\z`)
}

func expressionMatches(pattern *regexp.Regexp, subject string) bool {
	return isShortSubject(subject) && pattern.MatchString(subject)
}

func isShortSubject(subject string) bool {
	return len(subject) <= 4*subjectLimit && utf8.RuneCountInString(subject) <= subjectLimit
}

// compiledRoute is a route that requests can be held against.
type compiledRoute struct {
	rule  *routeRule
	tests []routeTest
	write *rewriter // nil for what is not sent on
}

func compileRoutes(rules []routeRule) ([]compiledRoute, error) {
	made := make([]compiledRoute, len(rules))
	for i := range rules {
		one := &rules[i]
		tests, err := compileMatch(&one.Match)
		if err == nil {
			err = one.checkSubstitutions()
		}
		if err != nil {
			return nil, fmt.Errorf("routes[%d]: %w", i, err)
		}
		made[i] = compiledRoute{rule: one, tests: tests}
		if one.Action.forward != nil {
			made[i].write = newRewriter(one)
		}
	}
	return made, nil
}

func holdsAll(tests []routeTest, q *routeRequest, plain string) bool {
	for _, test := range tests {
		if !test(q, plain) {
			return false
		}
	}
	return true
}
