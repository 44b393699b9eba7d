package fairlead

import (
	"fmt"
	"reflect"
)

// pgxSource is a connector of pgx: what gorm and others open, who have read the configuration
// themselves. Its fields are exported, and a copy leads elsewhere.
type pgxSource struct{ connector reflect.Value }

// sourceOfConnector returns where a connector leads, where its type says so.
func sourceOfConnector(library string, connector any) sqlSource {
	unknown := vagueSource{"it was made of a connector (sql.OpenDB)"}
	if library != "github.com/jackc/pgx/v5/stdlib" && library != "github.com/jackc/pgx/v4/stdlib" {
		return unknown
	}
	value := reflect.ValueOf(connector)
	if packageOf(connector) != library || value.Kind() != reflect.Struct || !isPgxConfig(value) {
		return unknown
	}
	return pgxSource{value}
}

func isPgxConfig(connector reflect.Value) bool {
	config := connector.FieldByName("ConnConfig")
	if !config.IsValid() || config.Kind() != reflect.Struct {
		return false
	}
	for name, kind := range map[string]reflect.Kind{
		"Host": reflect.String, "Port": reflect.Uint16, "Database": reflect.String,
		"User": reflect.String, "Password": reflect.String, "Fallbacks": reflect.Slice,
	} {
		field := config.FieldByName(name)
		if !field.IsValid() || field.Kind() != kind {
			return false
		}
	}
	return true
}

func (s pgxSource) targets() (found []sqlTarget, reason string) {
	defer func() {
		if recover() != nil {
			found, reason = nil, "its configuration is of another form than is known"
		}
	}()
	config := s.connector.FieldByName("ConnConfig")
	database := config.FieldByName("Database").String()
	if database == "" {
		database = config.FieldByName("User").String()
	}
	add := func(host string, port uint64) {
		if len(host) > 0 && (host[0] == '/' || host[0] == '@') {
			host = ""
		}
		found = append(found, sqlTarget{database: database, host: host, port: int64(port)})
	}
	add(config.FieldByName("Host").String(), config.FieldByName("Port").Uint())
	others := config.FieldByName("Fallbacks")
	for i := 0; i < others.Len(); i++ {
		add(others.Index(i).Elem().FieldByName("Host").String(), others.Index(i).Elem().FieldByName("Port").Uint())
	}
	return found, ""
}

func (s pgxSource) aimed(shadow *shadowDatabase, password string) (dsn string, connector any, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("where its connector leads cannot be changed")
		}
	}()
	targets, _ := s.targets()
	there := shadow.Shadow
	if there.Host != "" && !sameHost(there.Host, targets[0].host) || there.Port != 0 && there.Port != targets[0].port {
		return "", nil, fmt.Errorf("its shadow is on another server, to which its connector cannot be led: open the pool by a data source name")
	}
	to := reflect.New(s.connector.Type()).Elem()
	to.Set(s.connector)
	config := to.FieldByName("ConnConfig")
	config.FieldByName("Database").SetString(there.Name)
	if there.User != "" {
		config.FieldByName("User").SetString(there.User)
	}
	if there.Password != "" {
		config.FieldByName("Password").SetString(password)
	}
	return to.FieldByName("ConnConfig").FieldByName("Database").String(), to.Interface(), nil
}
