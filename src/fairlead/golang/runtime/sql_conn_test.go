package fairlead

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// ruledBy has a lane's rules in force for one test.
func ruledBy(t *testing.T, tables ...shadowTable) {
	before := inForce.Load()
	apply(&snapshot{Digest: "d", Governance: governanceOn, ShadowTables: tables})
	t.Cleanup(func() { inForce.Store(before) })
}

var (
	ordersOfGray = shadowTable{Lane: "gray", Database: "shop", Table: "orders", Shadow: "orders_gray"}
	anywhere     = context.Background()
)

func grayWork() context.Context {
	return &Request{Context: anywhere, lane: "gray"}
}

func baseWork() context.Context { return &Request{Context: anywhere} }

// control answers for the control plane: it renames orders, once it knows where the connection stands.
type control struct {
	asked int
	fails error
}

func (c *control) answer(t *testing.T) {
	rewritesAsked = func(body []byte) (int, []byte, error) {
		if c.fails != nil {
			return 0, nil, c.fails
		}
		c.asked++
		text := string(body)
		switch {
		case strings.Contains(text, `"session":[]`):
			return 200, []byte(`{"ask":"session","queries":["where"]}`), nil
		case strings.Contains(text, `"catalog":""`) && strings.Contains(text, `"answers":[]`):
			return 200, []byte(`{"ask":"catalog","queries":["views"]}`), nil
		case strings.Contains(text, "DROP"):
			return 200, []byte(`{"catalog":"c","refused":{"cause":"ddl","reason":"no"}}`), nil
		}
		return 200, []byte(`{"catalog":"c","statement":"INSERT INTO orders_gray","changed":true,"writes":true}`), nil
	}
	t.Cleanup(func() {
		rewritesAsked = nil
		rewritesAway.Store(0)
		sessionQueries.Delete(postgresDialect)
	})
}

type sqlStub struct {
	views string
	asked []string
}

func (s *sqlStub) ask(query string) ([][]any, error) {
	s.asked = append(s.asked, query)
	return [][]any{{s.views}}, nil
}

func TestAVerdictIsKeptWhileTheCatalogueSaysTheSame(t *testing.T) {
	ruledBy(t, ordersOfGray)
	plane, at := &control{}, &sqlStub{views: "none"}
	plane.answer(t)
	p, c := pooled("github.com/lib/pq", "dbname=shop host=x"), &SQLConn{}
	send := func(text string) string {
		sent, err := c.Judge(grayWork(), p, text, true, at.ask)
		if err != nil {
			return err.Error()
		}
		return sent
	}
	for i := 0; i < 3; i++ {
		if got := send("INSERT INTO orders"); got != "INSERT INTO orders_gray" {
			t.Fatal(got)
		}
	}
	if plane.asked != 3 || strings.Join(at.asked, " ") != "where views" {
		t.Errorf("%d %v", plane.asked, at.asked)
	}
	if got := send("DROP TABLE orders"); got != "fairlead: refused on lane gray: no" {
		t.Error(got)
	}
	plane.fails = errors.New("gone")
	if got := send("INSERT INTO orders"); got != "INSERT INTO orders_gray" {
		t.Error("what is known goes on: " + got)
	}
	if got := send("DELETE FROM orders"); !strings.Contains(got, "gone") {
		t.Error(got)
	}
	for _, one := range p.servers.byState {
		one.catalog.until = 0
	}
	if got := send("INSERT INTO orders"); got != "INSERT INTO orders_gray" {
		t.Error("the catalogue says the same: " + got)
	}
	for _, one := range p.servers.byState {
		one.catalog.until = 0
	}
	at.views = "one"
	if got := send("INSERT INTO orders"); !strings.Contains(got, "gone") {
		t.Error("the catalogue says something else: " + got)
	}
	if sent, err := c.Judge(baseWork(), p, "DELETE FROM orders", true, at.ask); err != nil || sent != "DELETE FROM orders" {
		t.Error(sent, err)
	}
}

func TestWhoHoldsAConnectionIsOnItsLane(t *testing.T) {
	ruledBy(t, ordersOfGray)
	p, c := pooled("github.com/lib/pq", "dbname=shop host=x"), &SQLConn{}
	lane := func() string { return c.laneOf(anywhere) }
	if err := c.Hold(baseWork(), p, false); err != nil || lane() != "" {
		t.Fatal(err)
	}
	if err := c.Hold(grayWork(), p, true); err != nil || lane() != "gray" {
		t.Error("a transaction of gray", err, lane())
	}
	if c.Ended(); lane() != "" {
		t.Error("whoever holds it still does")
	}
	c.Freed()
	if err := c.Hold(grayWork(), p, false); err != nil || lane() != "gray" {
		t.Error(err)
	}
	if err := c.Hold(anywhere, p, true); err != nil || lane() != "gray" {
		t.Error("a transaction on it has its lane", err, lane())
	}
}

func TestATransactionThatHasWrittenHasOneSide(t *testing.T) {
	ruledBy(t, ordersOfGray)
	plane, at := &control{}, &sqlStub{}
	plane.answer(t)
	p, c := pooled("github.com/lib/pq", "dbname=shop host=x"), &SQLConn{}
	judge := func(ctx context.Context, text string) error {
		_, err := c.Judge(ctx, p, text, true, at.ask)
		return err
	}
	for _, text := range []string{"INSERT INTO stock", "BEGIN", "SELECT 1"} {
		if err := judge(baseWork(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := judge(grayWork(), "SELECT 1"); err != nil {
		t.Error("it has not written since it began", err)
	}
	if err := judge(grayWork(), "INSERT INTO orders"); err != nil {
		t.Fatal(err)
	}
	if err := judge(baseWork(), "INSERT INTO orders"); err == nil {
		t.Error("it has written on gray")
	}
	if err := judge(baseWork(), "ROLLBACK"); err != nil {
		t.Error("it may end", err)
	}
	if err := judge(baseWork(), "INSERT INTO orders"); err != nil {
		t.Error(err)
	}
}

func TestBeforeTheFirstSnapshotALaneIsRefused(t *testing.T) {
	before := inForce.Load()
	set.app = "shop"
	apply(&snapshot{Governance: governanceOn})
	defer func() {
		set.app = ""
		inForce.Store(before)
	}()
	p, c := pooled("github.com/lib/pq", "dbname=shop host=x"), &SQLConn{}
	if _, err := c.Judge(grayWork(), p, "SELECT 1", true, nil); err == nil {
		t.Error("nobody knows whether gray has shadows")
	}
	if _, err := p.Aim(grayWork()); err == nil {
		t.Error("nobody knows whether gray has shadows")
	}
	if sent, err := c.Judge(baseWork(), p, "SELECT 1", true, nil); err != nil || sent != "SELECT 1" {
		t.Error(sent, err)
	}
}

func TestAFaultOfOursLetsBaseGoOnAndNothingElse(t *testing.T) {
	ruledBy(t, ordersOfGray)
	for lane, want := range map[string]bool{"": false, "gray": true} {
		judged := func() (refused error) {
			defer sqlUnsure(&lane, &refused)
			panic("ours")
		}
		if err := judged(); (err != nil) != want {
			t.Errorf("lane %q: %v", lane, err)
		}
	}
	var p *SQLPool
	if !(&SQLPool{aim: nil}).AsText(grayWork(), "SELECT 1", false) || !p.AsText(grayWork(), "SELECT 1", false) {
		t.Error("a statement of a lane with shadows is not judged as a text")
	}
	if err := p.usable(current().shadows.of("gray")); err == nil {
		t.Error("a pool of which nothing is known serves a lane with shadows")
	}
}
