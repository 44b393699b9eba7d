package fairlead

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Statements as resources (fairlead.instruments.statements, fairlead.flow.statements): a statement has
// a gate of its own where a rule means that very one, else that of its database.

const (
	longestStatement = 1024 // characters of a statement's name
	mostRead         = 64 << 10
	mostShapes       = 4096 // statements whose names are kept
	longestShape     = 2048
	mostKinds        = 64 // pairs of a kind and a table that are told apart
)

// SQLCall is one statement on its way. nil where nobody asks about it or counts it.
type SQLCall struct {
	meter *meter
	entry entry
	began int64
}

// sqlShape is what is known of a statement's text.
type sqlShape struct {
	resource string // its name for rules
	wide     string // its database's
	name     string // its interface: sql:DATABASE:KIND TABLE
	passes   bool   // whether it begins, ends or sets something: a refused ROLLBACK would help nobody
}

type shapeKey struct{ database, text string }

var (
	shapes      sync.Map // sqlShape by shapeKey
	shapesCount atomic.Int64
	kindsKnown  sync.Map
	kindsCount  atomic.Int64
)

// Begin begins a statement, or says why it may not: a rule turns it away.
func (p *SQLPool) Begin(ctx context.Context, text string, args []any) (call *SQLCall, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			call, err = nil, nil
			fault(sqlHook, broken)
		}
	}()
	rules := current().rules
	ruled := len(rules.named) > 0 || len(rules.patterns) > 0
	if p == nil || !ruled && !counting.Load() {
		return nil, nil
	}
	shape := p.shape(text)
	m := metered(shape.name, "sql", Lane(ctx))
	if m == nil && (!ruled || shape.passes) {
		return nil, nil
	}
	c := &SQLCall{began: clock(), meter: m}
	c.meter.begin()
	if !ruled || shape.passes {
		return c, nil
	}
	gate := rules.statement(shape)
	if gate == nil {
		return c, nil
	}
	c.entry.started = c.began
	rejection := gate.enter(&sqlFacts{Serving(ctx), args}, ctx, &c.entry)
	if rejection != nil {
		c.meter.rejected(rejection, false)
		return nil, rejection
	}
	if c.entry.would != nil {
		c.meter.rejected(c.entry.would, true)
	}
	return c, nil
}

// End ends a statement: its rows belong to the application.
func (c *SQLCall) End(err error) {
	if c == nil {
		return
	}
	defer func() {
		if broken := recover(); broken != nil {
			fault(sqlHook, broken)
		}
	}()
	now := clock()
	kind, failed := sqlFault(err)
	c.entry.exit(&outcome{grpc: -1, fault: kind, failed: failed, elapsed: now - c.began, at: now})
	c.meter.end(now-c.began, failed)
}

// statement returns the gate of a statement, nil where no rule concerns it.
func (x *ruleIndex) statement(shape *sqlShape) *gate {
	for _, name := range [2]string{shape.resource, shape.wide} {
		if x.named[name] || len(x.patterns) > 0 && len(x.matching(name)) > 0 {
			return x.called(name)
		}
	}
	return nil
}

func (p *SQLPool) shape(text string) *sqlShape {
	key := shapeKey{p.name, text}
	if found, ok := shapes.Load(key); ok {
		return found.(*sqlShape)
	}
	hasDatabase(p.name)
	made := sqlShapeOf(p.name, text)
	if len(text) <= longestShape {
		if shapesCount.Add(1) > mostShapes {
			shapes.Range(func(one, _ any) bool { shapes.Delete(one); return true })
			shapesCount.Store(1)
		}
		shapes.Store(shapeKey{p.name, strings.Clone(text)}, made)
	}
	return made
}

func sqlShapeOf(database, text string) *sqlShape {
	if len(text) > mostRead {
		text = text[:mostRead]
	}
	wide := "sql:" + database
	word, _ := sqlHead(text)
	s := &sqlShape{wide: wide, resource: wide + ":" + cutText(strings.Join(strings.Fields(text), " "), longestStatement)}
	switch word {
	case "begin", "start", "commit", "rollback", "end", "abort", "savepoint", "release", "set", "use", "reset", "discard":
		s.passes = true
	}
	kind := strings.TrimSpace(strings.ToUpper(word) + " " + tableIn(word, text))
	if kind == "" {
		kind = "other"
	}
	if _, known := kindsKnown.Load(wide + kind); !known {
		if kindsCount.Load() >= mostKinds {
			kind = "other"
		} else if _, known := kindsKnown.LoadOrStore(wide+kind, true); !known {
			kindsCount.Add(1)
		}
	}
	s.name = cutText(wide+":"+kind, 256)
	return s
}

// cutText returns the first characters of a text.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	count := 0
	for at := range text {
		if count == most {
			return text[:at]
		}
		count++
	}
	return text
}

// tableIn returns the first name that stands where a table does, told by words alone: for people who
// look, not for what is decided (fairlead.sql.template).
func tableIn(head, text string) string {
	words := strings.FieldsFunc(singleQuoted.ReplaceAllString(text, "''"), func(r rune) bool {
		return strings.ContainsRune(" \t\r\n\f\v(),;", r)
	})
	before := map[string]bool{"from": true, "join": true, "into": true, "table": true}
	if head == "update" {
		before["update"] = true
	}
	for i, word := range words[:max(0, len(words)-1)] {
		if !before[strings.ToLower(word)] {
			continue
		}
		name := words[i+1]
		if lower := strings.ToLower(name); lower == "only" || lower == "select" || lower == "if" || lower == "lateral" {
			continue
		}
		return strings.NewReplacer("`", "", `"`, "", "[", "", "]", "").Replace(name)
	}
	return ""
}

// sqlFacts is a statement as rules ask about it.
type sqlFacts struct {
	request *Request
	args    []any
}

func (s *sqlFacts) caller() string {
	if s.request == nil {
		return ""
	}
	return s.request.from
}

func (s *sqlFacts) entrance() string {
	if s.request == nil {
		return ""
	}
	return s.request.entrance()
}

// value returns a parameter, by its position, which may count from the last, or by the name that
// sql.Named gives it.
func (s *sqlFacts) value(p *param) (one string, several []string, known bool) {
	if p.Source != "sql" {
		return "", nil, false
	}
	at, err := strconv.Atoi(p.Name)
	if err != nil {
		for _, arg := range s.args {
			if named := reflect.ValueOf(arg); named.Kind() == reflect.Struct && named.Type().Name() == "NamedArg" {
				if named.FieldByName("Name").String() == p.Name {
					return sqlText(named.FieldByName("Value").Interface())
				}
			}
		}
		return "", nil, false
	}
	if at < 0 {
		at += len(s.args)
	}
	if at < 0 || at >= len(s.args) {
		return "", nil, false
	}
	return sqlText(s.args[at])
}

func sqlText(value any) (string, []string, bool) {
	switch v := value.(type) {
	case nil:
		return "", nil, false
	case string:
		return v, nil, true
	case []byte:
		return string(v), nil, true
	case fmt.Stringer:
		return v.String(), nil, true
	}
	text, ok := scalar(valueAt(reflect.ValueOf(value)))
	return text, nil, ok
}

// SQLBroken is what a statement has come to whose driver panics, until that has returned.
var SQLBroken = errors.New("fairlead: the driver has not returned")

// sqlFault tells how a statement failed, and whether the server, not the statement, is at fault.
func sqlFault(err error) (fault string, failed bool) {
	if err == nil {
		return "", false
	}
	var network net.Error
	switch {
	case err == SQLBroken:
		return "", true
	case errors.Is(err, context.Canceled):
		return faultCut, false
	case errors.Is(err, context.DeadlineExceeded):
		return faultTimeout, true
	case errors.As(err, &network):
		if network.Timeout() {
			return faultTimeout, true
		}
		return faultConnect, true
	}
	for at := err; at != nil; at = errors.Unwrap(at) {
		if serverFailed(at) {
			return "", true
		}
	}
	return "", false
}

func serverFailed(err error) bool {
	switch err.Error() {
	case "driver: bad connection", "invalid connection", "EOF", "unexpected EOF", "conn closed":
		return true
	}
	if state, ok := err.(interface{ SQLState() string }); ok {
		// Connection, rollback, resources, limits, state of an object, operator, system (SQLSTATE classes).
		switch text := state.SQLState(); {
		case len(text) != 5:
			return false
		default:
			return strings.Contains(" 08 40 53 54 55 57 58 ", " "+text[:2]+" ")
		}
	}
	if code, ok := err.(interface{ Code() int }); ok {
		return sqliteFailed(int64(code.Code()))
	}
	value := reflect.Indirect(reflect.ValueOf(err))
	if value.Kind() != reflect.Struct {
		return false
	}
	if code := value.FieldByName("Code"); code.IsValid() && code.Kind() == reflect.Int {
		return sqliteFailed(code.Int())
	}
	number := value.FieldByName("Number")
	return number.IsValid() && number.Kind() == reflect.Uint16 && mysqlFailed[number.Uint()]
}

// sqliteFailed tells SQLITE_BUSY, LOCKED, IOERR, FULL and CANTOPEN, whatever they are extended by.
func sqliteFailed(code int64) bool {
	switch code & 0xFF {
	case 5, 6, 10, 13, 14:
		return true
	}
	return false
}

// mysqlFailed are errors of MySQL for which the server is at fault: too many connections, no memory or
// disk, locks that were waited for in vain, what was killed, read only, lost.
var mysqlFailed = map[uint64]bool{
	1021: true, 1037: true, 1038: true, 1040: true, 1041: true, 1053: true, 1080: true, 1114: true, 1129: true,
	1152: true, 1153: true, 1158: true, 1159: true, 1160: true, 1161: true, 1184: true, 1203: true, 1205: true,
	1206: true, 1213: true, 1226: true, 1290: true, 1297: true, 1317: true, 1836: true, 1927: true, 3024: true,
}
