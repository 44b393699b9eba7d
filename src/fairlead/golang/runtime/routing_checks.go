package fairlead

import (
	"errors"
	"strings"
)

// What of a route cannot be carried out, found before any request is held against it
// (fairlead.policy.routing.checks).

const (
	mostWeight   = 1_000_000
	mostClusters = 1024
	mostAttempts = 100
)

// problem returns why a route cannot be enforced, "" where it can.
func (r *routeRule) problem() string {
	if found := r.timing(); found != "" {
		return found
	}
	if found := r.Action.problem(); found != "" {
		return found
	}
	plain := true
	r.texts(func(text string) { plain = plain && !strings.ContainsAny(text, "\r\n\x00") })
	if !plain {
		return "a header with a line break"
	}
	if _, err := compileMatch(&r.Match); err != nil {
		return err.Error()
	}
	if err := r.checkSubstitutions(); err != nil {
		return err.Error()
	}
	return ""
}

func (r *routeRule) timing() string {
	if r.Timeout != nil && !isCallTime(*r.Timeout) {
		return "no timeout"
	}
	if t := r.Retry; t != nil && !(t.Attempts >= 0 && t.Attempts <= mostAttempts && isCallTime(t.PerTry) &&
		t.Backoff >= 0 && t.Backoff <= t.Longest && isCallTime(t.Longest)) {
		return "no way to try again"
	}
	if i := r.Injection; i != nil && !(isCallTime(i.Delay) && isPercent(i.DelayPercent) &&
		isPercent(i.AbortPercent) && (i.Status == 0 || i.Status >= 200 && i.Status <= 599)) {
		return "no fault"
	}
	return ""
}

func isCallTime(seconds float64) bool { return seconds >= 0 && seconds <= longestCallTime }

func (a *actionRule) problem() string {
	switch {
	case a.answer != nil && (a.answer.Status < 200 || a.answer.Status > 599):
		return "no answer"
	case a.redirect != nil && (a.redirect.Code < 300 || a.redirect.Code > 399):
		return "no redirect"
	case a.forward == nil:
		return ""
	}
	total := int64(0)
	for _, one := range a.forward.Clusters {
		if one.Weight < 0 || one.Weight > mostWeight {
			return "no weights"
		}
		total += one.Weight
	}
	switch count := len(a.forward.Clusters); {
	case count > mostClusters:
		return "no weights"
	case count > 1 && total < 1:
		return "weights that add up to nothing"
	}
	return ""
}

// texts calls each with what may come to be in a header of a call or of its answer.
func (r *routeRule) texts(each func(string)) {
	r.Changes.texts(each)
	pointed := func(text *string) {
		if text != nil {
			each(*text)
		}
	}
	switch a := &r.Action; {
	case a.answer != nil:
		for _, header := range a.answer.Headers {
			each(header[0])
			each(header[1])
		}
	case a.redirect != nil:
		each(a.redirect.Scheme)
		each(a.redirect.Host)
		pointed(a.redirect.Path)
		pointed(a.redirect.Prefix)
	case a.forward != nil:
		for i := range a.forward.Clusters {
			a.forward.Clusters[i].Changes.texts(each)
			each(a.forward.Clusters[i].Host)
		}
		if path := a.forward.Path; path != nil {
			pointed(path.Prefix)
			pointed(path.Full)
		}
		if host := a.forward.Host; host != nil {
			each(host.Literal)
		}
	}
}

func (c *changesRule) texts(each func(string)) {
	for _, values := range [][]headerValue{c.RequestSet, c.ResponseSet} {
		for _, one := range values {
			each(one.Name)
			each(one.Value)
		}
	}
}

// checkSubstitutions returns an error where an expression of a rewrite cannot be used.
func (r *routeRule) checkSubstitutions() error {
	var all []*substitutionRule
	switch a := &r.Action; {
	case a.redirect != nil:
		all = append(all, a.redirect.Regex)
	case a.forward != nil:
		if path := a.forward.Path; path != nil {
			all = append(all, path.Regex)
			if path.Template != "" {
				if r.Match.Path.Kind != "template" {
					return errors.New("a template for the path needs one that matches it")
				}
				if _, err := routeTemplate(r.Match.Path.Value); err != nil {
					return err
				}
			}
		}
		if host := a.forward.Host; host != nil {
			all = append(all, host.Path)
		}
	}
	for _, one := range all {
		if one == nil {
			continue
		}
		if err := one.check(); err != nil {
			return err
		}
	}
	return nil
}
