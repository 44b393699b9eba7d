package fairlead

import (
	"context"
	"testing"
)

func TestPatternsAreWrittenAsTemplates(t *testing.T) {
	for _, one := range []struct {
		whole, pattern, path, template string
		folder                         bool
	}{
		{"/users/7", "GET /users/{id}", "/users/7", "/users/{id}", false},
		{"/users/7", "GET example.org/users/{id}", "/users/7", "/users/{id}", false},
		{"/api/users/7", "/users/{id}", "/users/7", "/api/users/{id}", false},
		{"/files/a/b", "/files/{rest...}", "/files/a/b", "/files/{rest}", false},
		{"/static/a", "/static/", "/static/a", "/static/", true},
		{"/", "GET /{$}", "/", "/", false},
		{"/a", "/a", "/a", "/a", false},
		{"/a", "", "/a", "", false},
	} {
		r := &Request{visit: &visit{in: Inbound{Path: one.whole}}}
		template, folder := r.patternTemplate(one.pattern, one.path)
		if template != one.template || folder != one.folder {
			t.Errorf("%s: %q, %v", one.pattern, template, folder)
		}
	}
}

func TestARequestIsNamedByTheRouterThatTellsFirst(t *testing.T) {
	r, _ := Begin(context.Background(), &Inbound{Method: "GET", Path: "/users/7"})
	if Routing(r) != r || r.Wants() {
		t.Error("nobody asks for its route")
	}
	r.Named("GET /users/{id}", "/users/7")
	r.Named("/", "/users/7")
	if r.template != "/users/{id}" {
		t.Error(r.template)
	}
	r.End(200, -1, false)
	if Routing(r) != nil || r.Wants() || r.Matched("/a", "/a") != nil {
		t.Error("it is over")
	}
}

// A reverse proxy is served by a folder's pattern: what its interface is called in reports names it in
// rules. Where none does, a router below may tell a narrower route.
func TestARuleMayNameAFolder(t *testing.T) {
	rates := []rateRule{}
	for _, name := range []string{"GET:/stock/", "/all/", "GET:/"} {
		one := rule{Rule: "FaultToleranceRule/" + name, Resource: name, Mode: modeEnforce, Fallback: usualFallback()}
		rates = append(rates, rateRule{rule: one, Windows: []windowRule{{Threshold: 0, WindowMs: 1000}}})
	}
	inForceWith(t, &snapshot{flow: flowRules{Rates: rates}})
	t.Cleanup(func() { apply(&snapshot{}) })
	for _, one := range []struct {
		method, path, pattern, resource string
	}{
		{"GET", "/stock/5", "/stock/", "GET:/stock/"},
		{"POST", "/stock/5", "/stock/", ""},
		{"POST", "/all/a/b", "/all/", "POST:/all/"},
		{"GET", "/other/5", "/other/", ""},
		{"GET", "/other", "/", ""}, // what / names is a path
	} {
		r, _ := Begin(context.Background(), &Inbound{Method: one.method, Path: one.path})
		if !r.Wants() {
			t.Errorf("%s: nobody asks for its route", one.path)
		}
		rejection := r.Matched(one.pattern, one.path)
		if one.resource == "" && (rejection != nil || r.template != "") {
			t.Errorf("%s %s: %v, %s", one.method, one.path, rejection, r.template)
		}
		if one.resource != "" && (rejection == nil || rejection.Resource != one.resource) {
			t.Errorf("%s %s: %v", one.method, one.path, rejection)
		}
		r.End(200, -1, false)
	}
}
