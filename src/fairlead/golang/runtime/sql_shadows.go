package fairlead

import (
	"encoding/json"
	"net"
	"strings"
)

// laneShadows are the shadows of one lane (fairlead.flow.database.LaneShadows).
type laneShadows struct {
	lane      string
	tables    []shadowTable
	databases []shadowDatabase
	known     bool   // whether a snapshot says so: before the first one, a lane may have some
	content   string // equal for equal rules: what was worked out by them stays
}

// shadows are those of every lane. Base has none.
type shadows struct {
	byLane map[string]*laneShadows
	known  bool
	any    bool // whether any lane has one, or may have
}

func newShadows(s *snapshot) *shadows {
	// Who has no app follows nobody, and enforces nothing.
	found := &shadows{byLane: map[string]*laneShadows{}, known: s.Digest != "" || set.app == ""}
	found.any = !found.known || len(s.ShadowTables)+len(s.ShadowDatabases) > 0
	lane := func(name string) *laneShadows {
		if found.byLane[name] == nil {
			found.byLane[name] = &laneShadows{lane: name, known: true}
		}
		return found.byLane[name]
	}
	for _, one := range s.ShadowTables {
		of := lane(one.Lane)
		of.tables = append(of.tables, one)
	}
	for _, one := range s.ShadowDatabases {
		of := lane(one.Lane)
		of.databases = append(of.databases, one)
	}
	for _, one := range found.byLane {
		content, _ := json.Marshal([]any{one.lane, one.tables, one.databases})
		one.content = string(content)
	}
	return found
}

// of returns the shadows of a lane, nil where it has none.
func (s *shadows) of(lane string) *laneShadows {
	if lane == "" {
		return nil
	}
	if !s.known {
		return &laneShadows{lane: lane}
	}
	return s.byLane[lane]
}

// database returns what a connection to a target is sent to, nil for the target itself.
func (l *laneShadows) database(t sqlTarget) *shadowDatabase {
	for i := range l.databases {
		if l.databases[i].Source.means(t) {
			return &l.databases[i]
		}
	}
	return nil
}

func (d *databaseName) means(t sqlTarget) bool {
	return d.Name == t.database &&
		(d.Host == "" || sameHost(d.Host, t.host)) &&
		(d.Port == 0 || d.Port == t.port)
}

// sameHost tells whether two names are one host, as far as it can be told from the names.
func sameHost(one, other string) bool {
	return strings.EqualFold(one, other) || isLocal(one) && isLocal(other)
}

func isLocal(host string) bool {
	switch strings.ToLower(host) {
	case "", "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}

// sqlTarget is what a connection is to, as the application said it.
type sqlTarget struct {
	database string // for SQLite the stem of the file, or "memory"
	host     string
	port     int64
	vague    bool // whether its host is known to the driver alone: only names without one mean it
}

// hostPort returns host and port of an address, with the usual port where it says none.
func hostPort(address string, usual int64) (string, int64, bool) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return strings.Trim(address, "[]"), usual, true
	}
	if port == "" {
		return host, usual, true
	}
	number, ok := portOf(port)
	return host, number, ok
}

func portOf(text string) (int64, bool) {
	number := int64(0)
	for _, digit := range text {
		if digit < '0' || digit > '9' || number > 65535 {
			return 0, false
		}
		number = number*10 + int64(digit-'0')
	}
	return number, text != "" && number < 65536
}
