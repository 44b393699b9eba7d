package fairlead

import (
	"context"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
)

// SQLAsk sends a query on a connection and returns its rows.
type SQLAsk func(query string) ([][]any, error)

// SQLConn is one open connection, as what was sent on it has left it
// (fairlead.instruments.watched, fairlead.instruments.database). Its zero value is a new one.
type SQLConn struct {
	lock    sync.Mutex
	side    string // lane of the last statement; "" for lanes that have no shadows
	wrote   bool   // whether a row may have been written since the last end of a transaction
	open    bool   // whether a transaction was begun by a statement, or may have been
	held    bool   // whether somebody holds it for several statements
	inTx    bool
	lane    string // of who holds it
	txLane  string // of the transaction
	session []sqlAnswer
	place   string // what tells it from connections that see the same; "" for nothing
	private bool
	rules   string // content of the rules that it was last held against
	way     *regexp.Regexp
	proved  bool // whether it leads where its pool says
	blind   bool // whether statements went by unseen: no lane had shadows
}

var sqlPlaces atomic.Int64

// Hold takes note of who takes the connection for several statements, and refuses whom it cannot
// serve. Freed ends it.
func (c *SQLConn) Hold(ctx context.Context, p *SQLPool, transaction bool) (refused error) {
	lane := Lane(ctx)
	defer sqlUnsure(&lane, &refused)
	rules := ready().shadows.of(lane)
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.held && Serving(ctx) == nil {
		lane = c.lane // a transaction on a connection that is held
		rules = current().shadows.of(lane)
	}
	if rules != nil {
		if err := c.adopt(p, rules); err != nil {
			return err
		}
	}
	if err := c.cross(p, rules); err != nil {
		return err
	}
	if transaction {
		c.inTx, c.txLane, c.wrote = true, lane, false
	} else {
		c.held, c.lane = true, lane
	}
	return nil
}

// Freed takes note that nobody holds the connection any more.
func (c *SQLConn) Freed() {
	c.lock.Lock()
	c.held, c.inTx, c.lane, c.txLane = false, false, "", ""
	c.lock.Unlock()
}

// Ended takes note that a transaction has ended; who holds the connection still does.
func (c *SQLConn) Ended() {
	c.lock.Lock()
	c.inTx, c.wrote, c.open = false, false, false
	c.lock.Unlock()
}

// laneOf returns the lane of a statement: of its work or, where nobody says for whom it is done, of who
// holds the connection.
func (c *SQLConn) laneOf(ctx context.Context) string {
	if (c.held || c.inTx) && Serving(ctx) == nil {
		if c.inTx {
			return c.txLane
		}
		return c.lane
	}
	return Lane(ctx)
}

// Judge returns what to send for a statement, on the lane of ctx, or why nothing is. values says
// whether it has values for its marks.
func (c *SQLConn) Judge(ctx context.Context, p *SQLPool, text string, values bool, ask SQLAsk) (sent string, err error) {
	plan := ready()
	c.lock.Lock()
	defer c.lock.Unlock()
	defer func() {
		// A fault of ours lets base go on, and nothing on a lane that may have shadows.
		if broken := recover(); broken != nil {
			fault(sqlHook, broken)
			c.session, sent, err = nil, text, nil
			if lane := c.laneOf(ctx); c.side != "" || plan.shadows.of(lane) != nil {
				sent, err = "", refusedSQL(lane, "other", "it could not be judged")
			}
		}
	}()
	if !plan.shadows.any && c.side == "" {
		c.blind, c.session = true, nil
		return text, nil
	}
	rules := plan.shadows.of(c.laneOf(ctx))
	if c.blind {
		c.blind, c.wrote = false, c.wrote || c.inTx
	}
	if rules == nil {
		if err := c.crossing(p, nil, text); err != nil {
			return "", err
		}
		c.note(p, text)
		return text, nil
	}
	if err := c.adopt(p, rules); err != nil {
		return "", err
	}
	if err := c.crossing(p, rules, text); err != nil {
		return "", err
	}
	if leadsOut(c.way, text) {
		return "", refusedSQL(rules.lane, "side", "it names a database that has a shadow on this lane: connect to it")
	}
	if p.aim != nil || len(rules.tables) == 0 {
		if err := c.prove(p, ask); err != nil {
			return "", err
		}
		c.note(p, text)
		return text, nil
	}
	return c.rewritten(ctx, p, rules, text, values, ask)
}

// prove asks a connection that a connector of the application's has made whether it leads to the shadow:
// code of the application's may have had a say in it.
func (c *SQLConn) prove(p *SQLPool, ask SQLAsk) error {
	if c.proved || p.aim == nil || p.aim.Connector == nil {
		return nil
	}
	rows, err := ask("SELECT pg_catalog.current_database()")
	if err != nil {
		return err
	}
	if len(rows) != 1 || len(rows[0]) != 1 || rows[0][0] != any(p.aim.shadow.Shadow.Name) {
		return refusedSQL(p.aim.Lane, "side", "the connection does not lead to the shadow "+p.aim.shadow.Shadow.Name)
	}
	c.proved = true
	return nil
}

// Raw says whether code of the application may be handed the driver's own connection, where nobody
// sees what is sent.
func (c *SQLConn) Raw(ctx context.Context, p *SQLPool) (refused error) {
	lane := ""
	defer sqlUnsure(&lane, &refused)
	plan := current()
	c.lock.Lock()
	defer c.lock.Unlock()
	lane = c.laneOf(ctx)
	rules := plan.shadows.of(lane)
	if rules != nil {
		if err := c.adopt(p, rules); err != nil {
			return err
		}
	}
	if err := c.cross(p, rules); err != nil {
		return err
	}
	if rules != nil && p.aim == nil && len(rules.tables) > 0 {
		return refusedSQL(rules.lane, "other", "what is sent on the driver's own connection is not seen: the lane has shadow tables")
	}
	c.session, c.wrote = nil, true
	return nil
}

// adopt holds the connection against rules: it may lead to the other side.
func (c *SQLConn) adopt(p *SQLPool, rules *laneShadows) error {
	if p == nil || !rules.known || p.dialect == "" || shadowing() == offWord {
		return p.usable(rules)
	}
	if c.rules == rules.content {
		return nil
	}
	c.session, c.rules = nil, ""
	if err := p.onSide(rules); err != nil {
		return err
	}
	c.way = nil
	if p.dialect == mysqlDialect || p.aim != nil {
		c.way = wayOut(p.dialect, p.shadowedHere(rules))
	}
	c.rules = rules.content
	return nil
}

// shadowedHere returns the databases of the pool's server that statements are not to name.
func (p *SQLPool) shadowedHere(rules *laneShadows) []string {
	var names []string
	targets, reason := p.source.targets()
	for i := range rules.databases {
		source := &rules.databases[i].Source
		here := reason != ""
		for _, target := range targets {
			target.database = source.Name
			here = here || target.vague || source.means(target)
		}
		if here {
			names = append(names, source.Name)
		}
	}
	if p.aim != nil {
		for i := range rules.tables {
			names = append(names, rules.tables[i].Database)
		}
	}
	return names
}

// onSide refuses a connection that was opened to another side than the lane's.
func (p *SQLPool) onSide(rules *laneShadows) error {
	if p.aim != nil && p.aim.Lane != rules.lane {
		return refusedSQL(rules.lane, "side", p.elsewhere())
	}
	var meant *shadowDatabase
	if len(rules.databases) > 0 {
		var err error
		if meant, err = p.shadow(rules); err != nil {
			return err
		}
	}
	if p.aim == nil && meant == nil || p.aim != nil && meant != nil && *meant == p.aim.shadow {
		return nil
	}
	return refusedSQL(rules.lane, "side", p.elsewhere())
}

func (p *SQLPool) elsewhere() string {
	where := "base"
	if p.aim != nil {
		where = "the shadow database of lane " + p.aim.Lane
	}
	return "this connection was opened to " + where + " and cannot serve another side: take one in the request"
}

// crossing lets the connection serve another side, unless the statement only ends what is open.
func (c *SQLConn) crossing(p *SQLPool, rules *laneShadows, text string) error {
	if laneName := sideOf(rules); c.side == laneName && p.serves(laneName) {
		return nil
	}
	if effectOf(text).ends {
		return nil
	}
	return c.cross(p, rules)
}

func sideOf(rules *laneShadows) string {
	if rules == nil {
		return ""
	}
	return rules.lane
}

// serves tells whether a connection of this pool may serve a side at all.
func (p *SQLPool) serves(side string) bool { return p == nil || p.aim == nil || p.aim.Lane == side }

// cross lets the connection serve another side, unless a transaction is in between.
func (c *SQLConn) cross(p *SQLPool, rules *laneShadows) error {
	side := sideOf(rules)
	if !p.serves(side) {
		return refusedSQL(side, "side", p.elsewhere())
	}
	if side == c.side {
		return nil
	}
	if c.wrote && (c.inTx || c.open || p != nil && p.manual) {
		return refusedSQL(side, "side", "a transaction that has written on "+sideName(c.side)+
			" is open on this connection: commit it before work on "+sideName(side)+" uses it")
	}
	c.side, c.wrote = side, false
	return nil
}

func sideName(side string) string {
	if side == "" {
		return "base"
	}
	return side
}

// note takes note of what a statement that is sent as it is does to the connection.
func (c *SQLConn) note(p *SQLPool, text string) {
	e := effectOf(text)
	if e.parts || c.private && createsWord.MatchString(text) {
		c.part()
	}
	switch {
	case e.ends:
		c.wrote, c.open = false, false
	case e.begins:
		if !c.inTx || p != nil && p.dialect == mysqlDialect {
			c.wrote = false
		}
		c.open = true
	}
	c.wrote = c.wrote || e.writes
	c.open = c.open || !e.plain && mayOpen.MatchString(text)
	if e.state {
		c.session = nil
	}
}

// part takes note that the connection sees from here on what no other one does, or that it may.
func (c *SQLConn) part() {
	c.private, c.session = true, nil
	c.place = strconv.FormatInt(sqlPlaces.Add(1), 10)
}

// sqlUnsure keeps a fault of ours from the application: base goes on, and nothing on a lane that may
// have shadows. It is deferred.
func sqlUnsure(lane *string, refused *error) {
	if broken := recover(); broken != nil {
		fault(sqlHook, broken)
		if *refused = nil; current().shadows.of(*lane) != nil {
			*refused = refusedSQL(*lane, "other", "it could not be judged")
		}
	}
}

// SQLShadows tells whether any lane has shadows, or may have.
func SQLShadows() bool { return current().shadows.any }

// SQLShadowed tells whether the lane of ctx has shadows.
func SQLShadowed(ctx context.Context) bool { return current().shadows.of(Lane(ctx)) != nil }

// AsText tells whether a statement of a pool, prepared on one side, is to be sent as a text instead, on
// that of ctx; other says that what was prepared is another text.
func (p *SQLPool) AsText(ctx context.Context, text string, other bool) (asText bool) {
	defer func() {
		if broken := recover(); broken != nil {
			fault(sqlHook, broken)
			asText = true // each text is judged
		}
	}()
	if other || p != nil && p.aim != nil {
		return true
	}
	shadows := current().shadows
	return shadows.any && (shadows.of(Lane(ctx)) != nil || !effectOf(text).plain)
}
