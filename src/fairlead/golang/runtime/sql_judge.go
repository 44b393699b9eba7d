package fairlead

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// A statement on a lane with shadow tables is judged by the control plane, which has the parser
// (fairlead.protocols.watch.statements). What it has to know of the database it has asked on the
// connection that the statement is for. A verdict is kept, and holds while the catalogue says the
// same.

const (
	keptLength      = 8 << 10          // bytes of a statement whose verdict is kept: a longer one is full of values
	keptBytes       = 4 << 20          // of all statements of a pool whose verdicts are kept
	mostSessions    = 64               // states of sessions that are kept apart for a pool
	catalogLife     = 30 * time.Second // for which what a catalogue said is relied on
	mostRounds      = 8                // of questions about one statement
	largestCatalog  = 6 << 20          // bytes of what a server says of its catalogue
	longestJudgment = 1 << 20          // characters of a statement that is asked about
)

// sqlAnswer is what a connection answered to one query.
type sqlAnswer struct {
	Query string  `json:"query"`
	Rows  [][]any `json:"rows"`
}

// sqlQuestion is the body of a question to the control plane.
type sqlQuestion struct {
	Node      string        `json:"node"`
	Namespace string        `json:"namespace"`
	App       string        `json:"app"`
	Lane      string        `json:"lane"`
	Dialect   string        `json:"dialect"`
	Style     string        `json:"style"`
	Statement string        `json:"statement"`
	Tables    []shadowTable `json:"tables"`
	Listed    []string      `json:"listed"`
	Functions []string      `json:"functions"`
	Session   []sqlAnswer   `json:"session"`
	Catalog   string        `json:"catalog"`
	Answers   []sqlAnswer   `json:"answers"`
}

// sqlReply is its answer: what else to ask the connection, or the verdict.
type sqlReply struct {
	Ask       string   `json:"ask"`
	Queries   []string `json:"queries"`
	Statement string   `json:"statement"`
	Changed   bool     `json:"changed"`
	Writes    bool     `json:"writes"`
	Catalog   string   `json:"catalog"`
	Refused   *struct {
		Cause  string `json:"cause"`
		Reason string `json:"reason"`
	} `json:"refused"`
	Message string `json:"message"` // of an error
}

// sqlVerdict is a statement as it may be sent on a lane, or why it may not be.
type sqlVerdict struct {
	text          string
	writes        bool
	changed       bool
	cause, reason string
	catalog       bool // whether it depends on what the catalogue said
}

// sqlServers is what is known of a pool's server, by the state of a session.
type sqlServers struct {
	lock    sync.Mutex
	byState map[string]*sqlServer
}

// sqlServer is what is known by one state of a session and one lane's rules.
type sqlServer struct {
	reading sync.Mutex // held while the catalogue is asked
	lock    sync.Mutex // of what follows; never held while anybody is asked
	known   map[string]sqlVerdict
	bytes   int
	catalog sqlCatalog
	version int64 // grows with every catalogue that says something else
}

// sqlCatalog is what a server said of its catalogue. It does not change.
type sqlCatalog struct {
	queries []string
	answers []sqlAnswer
	sum     [sha256.Size]byte
	digest  string // what the control plane calls it, "" where it has not heard it
	until   int64  // by clock, when it has to be asked anew
}

func (s *sqlServers) of(state string) *sqlServer {
	s.lock.Lock()
	defer s.lock.Unlock()
	found := s.byState[state]
	if found == nil {
		if s.byState == nil || len(s.byState) >= mostSessions {
			s.byState = map[string]*sqlServer{}
		}
		found = &sqlServer{known: map[string]sqlVerdict{}}
		s.byState[state] = found
	}
	return found
}

// sessionQueries are what a connection is asked first, by dialect, once the control plane has told.
var sessionQueries sync.Map

// rewritten returns what to send for a statement on a lane with shadow tables.
func (c *SQLConn) rewritten(ctx context.Context, p *SQLPool, rules *laneShadows, text string, values bool, ask SQLAsk) (string, error) {
	if c.session == nil && (p.dialect == mysqlDialect && asksWarnings(text) || p.dialect == postgresDialect && controlsOnly(text)) {
		c.note(p, text)
		return text, nil
	}
	style, err := styleOf(p, rules, text, values)
	if err != nil {
		return "", err
	}
	verdict, err := c.judged(p, rules, text, style, ask)
	if err != nil {
		return "", err
	}
	if verdict.cause != "" {
		return "", refusedSQL(rules.lane, verdict.cause, verdict.reason)
	}
	if verdict.changed {
		counted("sql_shadowed", rules.lane)
	} else {
		counted("sql_unchanged", rules.lane)
	}
	e := effectOf(text)
	if e.ends {
		c.wrote, c.open = false, false
	}
	c.wrote = c.wrote || verdict.writes
	c.open = c.open || e.begins || !e.plain && mayOpen.MatchString(text)
	if e.parts || c.private && createsWord.MatchString(text) {
		c.part()
	} else if e.sets {
		c.session = nil // what else was judged is understood
	}
	return verdict.text, nil
}

// styleOf returns how parameters are marked in a statement (fairlead.sql.lexis).
func styleOf(p *SQLPool, rules *laneShadows, text string, values bool) (string, error) {
	switch {
	case p.dialect == sqliteDialect:
		return "named", nil
	case p.dialect == postgresDialect || !values:
		return "plain", nil
	case strings.Contains(withoutStrings(text), "?") && strings.Count(withoutStrings(text), "?") == strings.Count(text, "?") && !strings.Contains(text, "--") && !strings.Contains(text, "/*") && !strings.Contains(text, "#") && !strings.Contains(text, "`"):
		return "qmark", nil
	case p.merges && strings.Contains(text, "?"):
		// With interpolateParams the driver puts values wherever a mark is, in a string too.
		return "", refusedSQL(rules.lane, "unparsed", "a parameter may be marked inside a string, a name or a comment, and interpolateParams is on")
	}
	return "qmark", nil
}

// judged returns the verdict on a statement.
func (c *SQLConn) judged(p *SQLPool, rules *laneShadows, text, style string, ask SQLAsk) (sqlVerdict, error) {
	question := &sqlQuestion{
		Lane: rules.lane, Dialect: p.dialect, Style: style, Statement: text,
		Tables: rules.tables, Listed: shadowList(), Functions: set.functions,
	}
	if c.session == nil {
		if err := c.readSession(p, question, ask); err != nil {
			return sqlVerdict{}, err
		}
	}
	question.Session = c.session
	state, err := json.Marshal([]any{c.session, c.place, rules.content, set.shadow, set.functions})
	if err != nil {
		return sqlVerdict{}, err
	}
	server := p.servers.of(string(state))
	key := style + "\x00" + text
	verdict, known, fresh := server.find(key)
	if known && !fresh {
		if err := server.readAgain(ask); err != nil {
			return sqlVerdict{}, err
		}
		verdict, known, fresh = server.find(key)
	}
	if known && fresh {
		return verdict, nil
	}
	return server.asked(question, key, ask)
}

// find returns the verdict that is kept, and whether what it depends on is still relied on.
func (s *sqlServer) find(key string) (verdict sqlVerdict, known, fresh bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	verdict, known = s.known[key]
	return verdict, known, !verdict.catalog || clock() < s.catalog.until
}

func (s *sqlServer) now() (sqlCatalog, int64) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.catalog, s.version
}

// readSession asks the connection where it stands. What of SQLite has no file is its connection's own.
func (c *SQLConn) readSession(p *SQLPool, question *sqlQuestion, ask SQLAsk) error {
	queries, known := sessionQueries.Load(p.dialect)
	if !known {
		reply, err := askedControl(question)
		if err != nil {
			return refusedSQL(question.Lane, "off", err.Error())
		}
		if reply.Refused != nil {
			return refusedSQL(question.Lane, reply.Refused.Cause, reply.Refused.Reason)
		}
		if reply.Ask != "session" || len(reply.Queries) == 0 {
			return refusedSQL(question.Lane, "other", "the control plane does not ask where the connection stands")
		}
		queries = reply.Queries
		sessionQueries.Store(p.dialect, queries)
	}
	session, err := answersTo(queries.([]string), ask)
	if err != nil {
		return err
	}
	if p.dialect == sqliteDialect && c.place == "" && filesLess(session) {
		c.part()
	}
	c.session = session
	return nil
}

// filesLess tells whether a database of SQLite has no file: PRAGMA database_list says it in its third
// column. The temporary one is every connection's own, and told by its triggers and views.
func filesLess(session []sqlAnswer) bool {
	for _, answer := range session {
		for _, row := range answer.Rows {
			if len(row) == 3 && row[1] != "temp" && (row[2] == nil || row[2] == "") {
				return true
			}
		}
	}
	return false
}

// asked returns the verdict of the control plane.
func (s *sqlServer) asked(question *sqlQuestion, key string, ask SQLAsk) (sqlVerdict, error) {
	if len(question.Statement) > longestJudgment {
		return sqlVerdict{cause: "size", reason: "it is longer than a MiB: send it in parts"}, nil
	}
	catalog, version := s.now()
	if len(catalog.queries) > 0 && clock() >= catalog.until {
		if err := s.readAgain(ask); err != nil {
			return sqlVerdict{}, err
		}
		catalog, version = s.now()
	}
	for round := 0; round < mostRounds; round++ {
		question.Catalog = catalog.digest
		reply, err := askedControl(question)
		if err != nil {
			return sqlVerdict{}, refusedSQL(question.Lane, "off", err.Error())
		}
		if reply.Ask == "" {
			return s.keep(key, question, reply, version), nil
		}
		if reply.Ask != "catalog" {
			break
		}
		wanted := append([]string(nil), reply.Queries...)
		for _, one := range question.Answers {
			wanted = append(wanted, one.Query)
		}
		if catalog, err = s.read(inOrder(wanted), ask); err != nil {
			return sqlVerdict{}, err
		}
		_, version = s.now()
		// The control plane may have forgotten what it called so.
		question.Answers, catalog.digest = catalog.answers, ""
	}
	return sqlVerdict{cause: "other", reason: "the control plane asks without an end"}, nil
}

// keep returns the verdict in a reply, and keeps it where the catalogue was the same all the time.
func (s *sqlServer) keep(key string, question *sqlQuestion, reply *sqlReply, version int64) sqlVerdict {
	verdict := sqlVerdict{text: reply.Statement, writes: reply.Writes, changed: reply.Changed, catalog: reply.Catalog != ""}
	if reply.Refused != nil {
		verdict.cause, verdict.reason = reply.Refused.Cause, reply.Refused.Reason
		if verdict.cause == "" {
			verdict.cause = "other"
		}
	} else if reply.Statement == "" && question.Statement != "" {
		verdict.cause, verdict.reason = "other", "the control plane gives no statement"
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if reply.Catalog != "" && version == s.version {
		s.catalog.digest = reply.Catalog
	}
	// A control plane that has no parser, or a fault, may be mended a minute later.
	if len(key) <= keptLength && verdict.cause != "off" && verdict.cause != "other" && version == s.version {
		if s.bytes += len(key) + len(verdict.text) + len(verdict.reason); s.bytes > keptBytes {
			s.known, s.bytes = map[string]sqlVerdict{}, len(key)
		}
		s.known[key] = verdict
	}
	return verdict
}
