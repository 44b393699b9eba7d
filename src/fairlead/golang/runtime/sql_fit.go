package fairlead

import (
	"runtime/debug"
	"sort"
	"strings"
)

// pastSQL are modules by which programs talk to databases beside database/sql, or that are drivers of
// it: a program that has one, and no hook, writes every lane's rows to base.
var pastSQL = []string{
	"github.com/go-sql-driver/mysql", "github.com/lib/pq", "github.com/jackc/pgx", "github.com/mattn/go-sqlite3",
	"modernc.org/sqlite", "github.com/glebarez/go-sqlite", "github.com/glebarez/sqlite",
	"github.com/ncruces/go-sqlite3", "zombiezen.com/go/sqlite", "crawshaw.io/sqlite", "github.com/go-pg/pg",
	"github.com/uptrace/bun/driver", "github.com/denisenkom/go-mssqldb", "github.com/microsoft/go-mssqldb",
	"github.com/sijms/go-ora", "github.com/godror/godror", "github.com/ClickHouse/clickhouse-go",
	"github.com/go-mysql-org/go-mysql", "github.com/snowflakedb/gosnowflake", "github.com/marcboeker/go-duckdb",
}

// sqlUnfit says why lanes with shadow tables, and with shadow databases, are not to be served by this
// process; "" where they may be (contract 12).
func sqlUnfit(hooked bool) (tables, databases string) {
	if shadowing() == offWord {
		return "FAIRLEAD_SHADOW=off", "FAIRLEAD_SHADOW=off"
	}
	sqlNoted.lock.Lock()
	defer sqlNoted.lock.Unlock()
	modules := databaseModules()
	reason := unhookedDriver(hooked && sqlNoted.hooked && OnFor(sqlHook), modules)
	if reason == "" && len(sqlNoted.drivers) > 0 && !keepsLocals() {
		reason = "it was built with --gls=off: statements without a context would go to base"
	}
	tables, databases = reason, reason
	if reason == "" && len(sqlNoted.drivers) > 0 && rewritesAsked == nil {
		tables = errNoParser.Error()
	}
	if databases == "" {
		databases = sqlNoted.vague
	}
	return tables, databases
}

// unhookedDriver names what reaches a database and is not governed, "" for nothing.
func unhookedDriver(hooked bool, modules []string) string {
	if !hooked {
		why := ": " + sqlHook + " has no hook in this program"
		if sqlNoted.hooked {
			why = ": FAIRLEAD_DISABLE names " + sqlHook
		}
		for _, path := range append(modules, sortedNames(sqlNoted.drivers)...) {
			return path + " is not hooked" + why
		}
		return ""
	}
	if sqlNoted.beside != "" {
		return sqlNoted.beside + " is not hooked: what it sends is not rewritten"
	}
	for _, path := range sortedNames(sqlNoted.drivers) {
		if sqlDrivers[path] == "" {
			return strings.TrimSpace(path+" "+sqlNoted.drivers[path]) + " is not known"
		}
	}
	for _, module := range modules {
		if !registeredFrom(module) {
			return module + " is not hooked: it is not used by " + sqlHook
		}
	}
	return ""
}

// reachedBy has modules that are linked for a driver that is known: a dialect of gorm, and the C library
// that modernc.org/sqlite is beside its own driver.
var reachedBy = map[string]string{
	"github.com/glebarez/sqlite": "github.com/glebarez/go-sqlite",
	"modernc.org/sqlite":         "github.com/glebarez/go-sqlite",
}

// registeredFrom tells whether a driver that is known comes from a module.
func registeredFrom(module string) bool {
	if driver := reachedBy[module]; driver != "" {
		if _, registered := sqlNoted.drivers[driver]; registered {
			return true
		}
	}
	for path := range sqlNoted.drivers {
		if sqlDrivers[path] != "" && (path == module || strings.HasPrefix(path, module+"/")) {
			return true
		}
	}
	return false
}

func databaseModules() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var found []string
	for _, module := range info.Deps {
		for _, one := range pastSQL {
			if module.Path == one || strings.HasPrefix(module.Path, one+"/") {
				found = append(found, module.Path)
			}
		}
	}
	sort.Strings(found)
	return found
}

// keepsLocals tells whether goroutines know for whom they work.
func keepsLocals() bool {
	before := getLocal()
	probe := &Request{}
	setLocal(probe)
	kept := getLocal() == probe
	setLocal(before)
	return kept
}
