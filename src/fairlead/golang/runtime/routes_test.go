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
