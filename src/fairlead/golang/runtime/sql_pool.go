package fairlead

import (
	"context"
	"reflect"
	"regexp"
	"strings"
	"sync"
)

// sqlHook is the name of the hook, which FAIRLEAD_DISABLE may name.
const sqlHook = "database/sql"

// SQLPool is what is known of a pool of connections: of a *sql.DB, or of its twin on a lane.
type SQLPool struct {
	library string // import path of its driver
	name    string // of the database that the application means
	dialect string // "" for a driver that is not known here
	source  sqlSource
	merges  bool // whether the driver puts values into the text
	manual  bool // whether every statement may be within a transaction: autocommit is off
	servers *sqlServers
	aim     *SQLAim // of a twin
}

// SQLAim is a shadow database that a lane's work is sent to: by another pool.
type SQLAim struct {
	Lane      string
	Key       string // equal for pools to the same shadow
	DSN       string
	Connector any // in the place of a name, where the pool was made of one
	shadow    shadowDatabase
}

// SQLOpened takes note of a pool whose driver, of the type driver, was given a data source name.
//
// It is nil where we have failed: no lane with shadows may use such a pool.
func SQLOpened(driver any, dsn string) *SQLPool {
	defer flatFault(sqlHook)
	library := packageOf(driver)
	dialect := sqlDrivers[library]
	p := &SQLPool{library: library, dialect: dialect, servers: &sqlServers{}}
	p.manual = dialect == mysqlDialect && autocommitOff.MatchString(dsn)
	p.merges = dialect == mysqlDialect && interpolates.MatchString(dsn)
	p.source = sourceOf(dialect, dsn)
	return noted(p)
}

// SQLConnected takes note of a pool that was made of a connector, which keeps where it leads to itself.
func SQLConnected(driver, connector any) *SQLPool {
	defer flatFault(sqlHook)
	library := packageOf(driver)
	p := &SQLPool{library: library, dialect: sqlDrivers[library], servers: &sqlServers{}}
	// What a connector does with values nobody tells.
	p.merges, p.manual = p.dialect == mysqlDialect, p.dialect == mysqlDialect
	p.source = sourceOfConnector(p.library, connector)
	return noted(p)
}

func packageOf(value any) string {
	kind := reflect.TypeOf(value)
	for kind != nil && kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind == nil {
		return ""
	}
	path := kind.PkgPath()
	if at := strings.LastIndex(path, "/vendor/"); at >= 0 {
		path = path[at+len("/vendor/"):]
	}
	return path
}

// Twin returns what is known of the pool that an aim of this one leads to.
func (p *SQLPool) Twin(aim *SQLAim) *SQLPool {
	return &SQLPool{
		library: p.library, name: p.name, dialect: p.dialect, source: p.source, servers: &sqlServers{}, aim: aim, merges: p.merges, manual: p.manual,
	}
}

// Aim returns where the work of ctx is to be sent, nil where it is this pool. It is an error where that
// cannot be told: then nothing is sent.
func (p *SQLPool) Aim(ctx context.Context) (aim *SQLAim, refused error) {
	lane := Lane(ctx)
	defer sqlUnsure(&lane, &refused)
	rules := ready().shadows.of(lane)
	if rules == nil || p != nil && p.aim != nil {
		return nil, nil
	}
	if err := p.usable(rules); err != nil {
		return nil, err
	}
	if len(rules.databases) == 0 {
		return nil, nil
	}
	shadow, err := p.shadow(rules)
	if shadow == nil || err != nil {
		return nil, err
	}
	return p.aimed(rules, shadow)
}

// usable refuses what no lane with shadows may use.
func (p *SQLPool) usable(rules *laneShadows) error {
	switch {
	case !rules.known:
		return refusedSQL(rules.lane, "off", "whether it has shadows is not known: no snapshot has come yet")
	case p == nil || p.dialect == "":
		library := "its driver"
		if p != nil && p.library != "" {
			library = p.library
		}
		return refusedSQL(rules.lane, "other", library+" is not known to fairlead: where a statement leads cannot be told")
	case shadowing() == offWord:
		return refusedSQL(rules.lane, "off", "FAIRLEAD_SHADOW=off: this process may not work on this lane")
	}
	return nil
}

// shadow returns the shadow of where the pool leads, nil where it has none.
func (p *SQLPool) shadow(rules *laneShadows) (*shadowDatabase, error) {
	refuse := func(reason string) (*shadowDatabase, error) {
		return nil, refusedSQL(rules.lane, "side", reason)
	}
	targets, reason := p.source.targets()
	if reason != "" {
		return refuse("where this pool leads cannot be told, and the lane has shadow databases: " + reason + "; open it by a data source name")
	}
	var found *shadowDatabase
	for i, target := range targets {
		for j := range rules.databases {
			source := &rules.databases[j].Source
			if target.vague && source.Name == target.database && (source.Host != "" || source.Port != 0) {
				return refuse("which server its driver dials cannot be told: " + rules.databases[j].Rule)
			}
			if p.dialect == mysqlDialect && source.Name != target.database && strings.EqualFold(source.Name, target.database) {
				// Whether it is the same one only the server knows (lower_case_table_names).
				return refuse("'" + target.database + "' differs from a database with a shadow by its case alone")
			}
		}
		shadow := rules.database(target)
		if i > 0 && !sameShadow(shadow, found) {
			return refuse("of the servers that it tries some have a shadow, and some have another or none")
		}
		found = shadow
	}
	if found != nil && found.Shadow.Name == "" {
		return refuse(found.Rule + " gives '" + found.Source.Name + "' a shadow that is of no use")
	}
	return found, nil
}

func sameShadow(one, other *shadowDatabase) bool {
	return one == other || one != nil && other != nil && *one == *other
}

func (p *SQLPool) aimed(rules *laneShadows, shadow *shadowDatabase) (*SQLAim, error) {
	password := ""
	if shadow.Shadow.Password != "" {
		var err error
		if password, err = secretAt(shadow.Shadow.Password); err != nil {
			return nil, refusedSQL(rules.lane, "side", err.Error())
		}
	}
	dsn, connector, err := p.source.aimed(shadow, password)
	if err != nil {
		return nil, refusedSQL(rules.lane, "side", err.Error())
	}
	aim := &SQLAim{Lane: rules.lane, DSN: dsn, Connector: connector, shadow: *shadow}
	aim.Key = strings.Join([]string{shadow.Rule, shadow.Shadow.Name, shadow.Shadow.Host, shadow.Shadow.User, dsn, password}, "\x00")
	return aim, nil
}

var interpolates = regexp.MustCompile(`(?i)[?&]interpolateParams=(?:1|true)`)
var autocommitOff = regexp.MustCompile(`(?i)[?&]autocommit=(?:0|false|off)`)

// SQLRefused is a statement, or a connection, that cannot be proved to stay in a lane's shadow.
type SQLRefused struct{ Lane, Cause, Reason string }

func (e *SQLRefused) Error() string {
	lane := e.Lane
	if lane == "" {
		lane = "base"
	}
	return "fairlead: refused on lane " + lane + ": " + e.Reason
}

func refusedSQL(lane, cause, reason string) error {
	counted("sql_refused", cause)
	return &SQLRefused{lane, cause, reason}
}

// sqlNoted is what this process has to do with databases: for whoever asks whether it is fit.
var sqlNoted struct {
	lock    sync.Mutex
	hooked  bool
	drivers map[string]string // import path of each registered driver, and its name
	beside  string            // library beside database/sql by which a pool was opened
	vague   string            // why some pool's way is not known
}

// SQLRegistered takes note of a driver that the program has.
func SQLRegistered(name string, driver any) {
	defer flatFault(sqlHook)
	sqlNoted.lock.Lock()
	defer sqlNoted.lock.Unlock()
	if sqlNoted.drivers == nil {
		sqlNoted.drivers = map[string]string{}
	}
	sqlNoted.drivers[packageOf(driver)] = name
}

// SQLHooked says that the hook is a part of the program.
func SQLHooked() { sqlNoted.hooked = true }

func noted(p *SQLPool) *SQLPool {
	targets, reason := p.source.targets()
	if len(targets) > 0 {
		p.name = targets[0].database
	}
	sqlNoted.lock.Lock()
	defer sqlNoted.lock.Unlock()
	if reason != "" && p.dialect != "" {
		sqlNoted.vague = p.library + ": where a pool leads cannot be told: " + reason
	}
	if sqlNoted.drivers == nil {
		sqlNoted.drivers = map[string]string{}
	}
	if _, known := sqlNoted.drivers[p.library]; !known {
		sqlNoted.drivers[p.library] = ""
	}
	return p
}
