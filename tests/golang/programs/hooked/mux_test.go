//go:build go1.22

package hooked

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestARuleForATemplateHoldsInAMux(t *testing.T) {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /users/{id}", func(http.ResponseWriter, *http.Request) {})
	inner.HandleFunc("GET /users/me", func(http.ResponseWriter, *http.Request) {})
	outer := http.NewServeMux()
	outer.Handle("/api/", http.StripPrefix("/api", inner))
	server := httptest.NewServer(outer)
	defer server.Close()
	for _, one := range []struct {
		path   string
		status int
	}{
		{"/api/users/1", 200}, {"/api/users/me", 200}, {"/api/users/2", 429}, {"/api/users/me", 200}, {"/api/none", 404},
	} {
		if got := status(t, http.DefaultClient, server.URL+one.path); got != one.status {
			t.Errorf("%s: %d", one.path, got)
		}
	}
}
