package fairlead

import (
	"strings"
	"testing"
)

func TestWhatAProgramIsUnfitFor(t *testing.T) {
	pgx := "github.com/jackc/pgx/v5"
	defer func() { sqlNoted.drivers, sqlNoted.hooked, sqlNoted.beside = nil, false, "" }()
	for _, one := range []struct {
		hooked, linked bool
		drivers        map[string]string
		beside         string
		modules        []string
		want           string
	}{
		{hooked: true, linked: true, drivers: map[string]string{"github.com/lib/pq": "postgres"}, modules: []string{"github.com/lib/pq"}},
		{hooked: true},
		{hooked: true, linked: true, drivers: map[string]string{"github.com/glebarez/go-sqlite": "sqlite"}, modules: []string{"github.com/glebarez/go-sqlite", "github.com/glebarez/sqlite", "modernc.org/sqlite"}},
		{hooked: true, linked: true, modules: []string{pgx}, want: pgx + " is not hooked: it is not used by database/sql"},
		{hooked: true, linked: true, drivers: map[string]string{pgx + "/stdlib": "pgx"}, modules: []string{pgx}},
		{hooked: true, linked: true, drivers: map[string]string{"example.org/wrapped": "otel"}, want: "example.org/wrapped otel is not known"},
		{linked: true, drivers: map[string]string{"github.com/lib/pq": "postgres"}, want: "github.com/lib/pq is not hooked: FAIRLEAD_DISABLE names database/sql"},
		{modules: []string{pgx}, want: pgx + " is not hooked: database/sql has no hook in this program"},
		{hooked: true, linked: true, beside: pgx + "/pgxpool", want: pgx + "/pgxpool is not hooked: what it sends is not rewritten"},
	} {
		sqlNoted.drivers, sqlNoted.hooked, sqlNoted.beside = one.drivers, one.linked, one.beside
		if got := unhookedDriver(one.hooked, one.modules); got != one.want {
			t.Errorf("%+v: %q", one, got)
		}
	}
}

func TestAProgramThatFollowsAFileHasNobodyToJudgeStatements(t *testing.T) {
	active.Store(true)
	sqlNoted.hooked, sqlNoted.drivers = true, map[string]string{"github.com/lib/pq": "postgres"}
	defer func() {
		active.Store(false)
		sqlNoted.hooked, sqlNoted.drivers = false, nil
	}()
	tables, databases := sqlUnfit(true)
	if keepsLocals() && databases != "" || !keepsLocals() && !strings.Contains(databases, "--gls=off") || tables == "" {
		t.Errorf("%q %q", tables, databases)
	}
	set.shadow = offWord
	defer func() { set.shadow = onWord }()
	if tables, databases := sqlUnfit(true); tables != "FAIRLEAD_SHADOW=off" || databases != tables {
		t.Errorf("%q %q", tables, databases)
	}
}
