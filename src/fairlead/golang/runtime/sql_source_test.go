package fairlead

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func shadowTo(name, host string, port int64, user, password string) *shadowDatabase {
	return &shadowDatabase{
		Rule: "r", Lane: "gray", Source: databaseName{Name: "shop"},
		Shadow: databaseName{Name: name, Host: host, Port: port, User: user, Password: password},
	}
}

func TestDataSourceNamesAreReadAsTheirDriversDo(t *testing.T) {
	none := func(string) string { return "" }
	for _, one := range []struct{ dialect, dsn, want string }{
		{mysqlDialect, "u:p@tcp(db-1:3307)/shop?parseTime=true", "[{shop db-1 3307 false}]"},
		{mysqlDialect, "u:p@/shop", "[{shop 127.0.0.1 3306 false}]"},
		{mysqlDialect, "u:p/w@d@tcp(db-1)/shop", "[{shop db-1 3306 false}]"},
		{mysqlDialect, "u@tcp([::1]:3306)/shop", "[{shop ::1 3306 false}]"},
		{mysqlDialect, "u@unix(/run/mysql.sock)/shop", "[{shop localhost 3306 false}]"},
		{mysqlDialect, "u@cloud(project:db)/shop", "[{shop  0 true}]"},
		{mysqlDialect, "u@tcp(db-1:x)/shop", "its port cannot be read"},
		{mysqlDialect, "u@tcp(db-1)/sh%6Fp", "the name of its database is escaped"},
		{mysqlDialect, "shop", "its data source name cannot be read"},
		{postgresDialect, "postgres://u:p@db-1:5433/shop?sslmode=disable", "[{shop db-1 5433 false}]"},
		{postgresDialect, "postgresql://u@db-1,db-2:5433/shop", "[{shop db-1 5432 false} {shop db-2 5433 false}]"},
		{postgresDialect, "postgres://u@db-1/other?dbname=shop&port=1", "[{shop db-1 1 false}]"},
		{postgresDialect, "host=db-1 dbname='shop' user=u", "[{shop db-1 5432 false}]"},
		{postgresDialect, `host = /run  user=u dbname=sh\'op`, "[{sh'op  5432 false}]"},
		{postgresDialect, "user=shop", "[{shop  5432 false}]"},
		{postgresDialect, "host=db-1", "it names no database"},
		{postgresDialect, "service=shop", "a service file has a say in where it leads"},
		{postgresDialect, "registeredConnConfig0", "its data source name stands for a configuration in the program"},
		{postgresDialect, "host='db-1", "its data source name cannot be read"},
		{sqliteDialect, "/data/shop.db?_pragma=foreign_keys(1)", "[{shop  0 false}]"},
		{sqliteDialect, "file:shop.v2.db?mode=ro", "[{shop.v2  0 false}]"},
		{sqliteDialect, "file:/data/my%20shop.db", "[{my shop  0 false}]"},
		{sqliteDialect, ":memory:", "[{memory  0 false}]"},
		{sqliteDialect, "", "[{memory  0 false}]"},
		{sqliteDialect, "file://host/shop.db", "its file has a host"},
		{"", "shop", "its driver is not known"},
	} {
		source := sourceOf(one.dialect, one.dsn)
		if one.dialect == postgresDialect {
			source = readPostgresSource(one.dsn, none)
		}
		targets, reason := source.targets()
		got := reason
		if reason == "" {
			got = fmt.Sprint(targets)
		}
		if got != one.want {
			t.Errorf("%s %q: %s, want %s", one.dialect, one.dsn, got, one.want)
		}
	}
}

func TestLibpqsVariablesCount(t *testing.T) {
	env := map[string]string{"PGHOST": "db-1", "PGPORT": "5433", "PGDATABASE": "shop"}
	targets, _ := readPostgresSource("user=u", func(name string) string { return env[name] }).targets()
	if got := fmt.Sprint(targets); got != "[{shop db-1 5433 false}]" {
		t.Error(got)
	}
}

func TestASourceIsAimedAtAShadow(t *testing.T) {
	for _, one := range []struct {
		dialect, dsn string
		shadow       *shadowDatabase
		want         string
	}{
		{mysqlDialect, "u:p@tcp(db-1:3307)/shop?parseTime=true", shadowTo("shop_gray", "", 0, "", ""), "u:p@tcp(db-1:3307)/shop_gray?parseTime=true"},
		{mysqlDialect, "u:p@unix(/run/m.sock)/shop", shadowTo("shop_gray", "localhost", 3306, "", ""), "u:p@unix(/run/m.sock)/shop_gray"},
		{mysqlDialect, "u:p@/shop", shadowTo("s2", "db-2", 3306, "v", "env:X"), "v:secret@tcp(db-2:3306)/s2"},
		{mysqlDialect, "u@/shop", shadowTo("s2", "db-2", 0, "", ""), "u@tcp(db-2:3306)/s2"},
		{mysqlDialect, "u@cloud(x)/shop", shadowTo("s2", "", 0, "", ""), "u@cloud(x)/s2"},
		{mysqlDialect, "u@cloud(x)/shop", shadowTo("s2", "db-2", 0, "", ""), "which server its shadow is on cannot be told"},
		{mysqlDialect, "u@/shop", shadowTo("a/b", "", 0, "", ""), "the name of the shadow cannot stand in a data source name"},
		{postgresDialect, "postgres://u:it's@db-1:5433/shop?sslmode=disable", shadowTo("shop_gray", "", 0, "", ""),
			`user='u' password='it\'s' host='db-1' port='5433' dbname='shop_gray' sslmode='disable'`},
		{postgresDialect, "host=db-1 hostaddr=10.0.0.1 dbname=shop user=u password=p", shadowTo("s2", "db-2", 5433, "v", "env:X"),
			`port='5433' host='db-2' dbname='s2' user='v' password='secret'`},
		{sqliteDialect, ":memory:", shadowTo("x", "", 0, "", ""), ":memory:"},
		{sqliteDialect, "file:shop?mode=memory&cache=shared", shadowTo("shop_gray", "", 0, "", ""), "which database beside file:shop?mode=memory&cache=shared is its shadow cannot be told"},
	} {
		source := sourceOf(one.dialect, one.dsn)
		if one.dialect == postgresDialect {
			source = readPostgresSource(one.dsn, func(string) string { return "" })
		}
		got, _, err := source.aimed(one.shadow, "secret")
		if err != nil {
			got = err.Error()
		}
		if one.dialect == postgresDialect && !sameWords(got, one.want) || one.dialect != postgresDialect && got != one.want {
			t.Errorf("%s %q: %s, want %s", one.dialect, one.dsn, got, one.want)
		}
	}
}

// sameWords tells whether two names have the same words in any order.
func sameWords(one, other string) bool {
	words := func(text string) string {
		found := map[string]string{}
		for _, word := range readPostgresSource(text, func(string) string { return "" }).(*postgresSource).words {
			found[word[0]] = word[1]
		}
		return fmt.Sprint(found)
	}
	return words(one) == words(other)
}

func TestTheShadowOfAFileIsBesideIt(t *testing.T) {
	folder := t.TempDir()
	source := sqliteSource{"file:" + filepath.Join(folder, "shop.db") + "?mode=rw"}
	if _, _, err := source.aimed(shadowTo("shop_gray", "", 0, "", ""), ""); err == nil {
		t.Error("it does not exist")
	}
	if err := os.WriteFile(filepath.Join(folder, "shop_gray.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got, _, err := source.aimed(shadowTo("shop_gray", "", 0, "", ""), "")
	if want := "file:" + filepath.Join(folder, "shop_gray.db") + "?mode=rw"; err != nil || got != want {
		t.Error(got, err)
	}
}

func TestPasswordsAreReadWhereTheyAreKept(t *testing.T) {
	t.Setenv("SHADOW_PASSWORD", "p")
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("q\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]string{"env:SHADOW_PASSWORD": "p", "file:" + file: "q", "env:NONE_SUCH": "", "text": ""} {
		got, err := secretAt(place)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q %v", place, got, err)
		}
	}
}

func pooled(driver, dsn string) *SQLPool {
	dialect := sqlDrivers[driver]
	return &SQLPool{library: driver, dialect: dialect, source: sourceOf(dialect, dsn), servers: &sqlServers{}}
}

func TestAPoolIsAimedByTheRulesOfALane(t *testing.T) {
	orders := shadowDatabase{Rule: "r", Lane: "gray", Source: databaseName{Name: "shop", Host: "db-1"}, Shadow: databaseName{Name: "shop_gray"}}
	useless := shadowDatabase{Rule: "r2", Lane: "gray", Source: databaseName{Name: "lost"}}
	rules := &laneShadows{lane: "gray", known: true, databases: []shadowDatabase{orders, useless}}
	for dsn, want := range map[string]string{
		"u@tcp(db-1)/shop":  "shop_gray",
		"u@tcp(DB-1)/shop":  "shop_gray",
		"u@tcp(db-2)/shop":  "",
		"u@tcp(db-1)/other": "",
		"u@tcp(db-1)/lost":  "fairlead: refused on lane gray: r2 gives 'lost' a shadow that is of no use",
		"u@tcp(db-1)/Shop":  "fairlead: refused on lane gray: 'Shop' differs from a database with a shadow by its case alone",
		"u@cloud(x)/shop":   "fairlead: refused on lane gray: which server its driver dials cannot be told: r",
	} {
		shadow, err := pooled("github.com/go-sql-driver/mysql", dsn).shadow(rules)
		got := ""
		if err != nil {
			got = err.Error()
		} else if shadow != nil {
			got = shadow.Shadow.Name
		}
		if got != want {
			t.Errorf("%s: %s, want %s", dsn, got, want)
		}
	}
	several := pooled("github.com/lib/pq", "host=db-1,db-2 dbname=shop user=u")
	if _, err := several.shadow(rules); err == nil {
		t.Error("one of the servers has a shadow, and the other has none")
	}
	for _, unusable := range []*SQLPool{nil, pooled("example.org/driver", "x")} {
		if unusable.usable(rules) == nil {
			t.Error("where it leads cannot be told")
		}
	}
}
