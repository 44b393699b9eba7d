package fairlead

import (
	"errors"
	"net"
	"strconv"
	"strings"
)

// mysqlSource is a data source name of go-sql-driver/mysql: [user[:password]@][net[(addr)]]/name[?params]
type mysqlSource struct {
	user, password string
	keyed          bool // whether there is a password
	net, address   string
	database       string
	params         string // with its question mark
}

const mysqlPort = 3306

// readMySQLSource reads it as ParseDSN does: by the last slash, then the last at, then the first colon.
func readMySQLSource(dsn string) sqlSource {
	vague := vagueSource{"its data source name cannot be read"}
	slash := strings.LastIndexByte(dsn, '/')
	if slash < 0 {
		return vague
	}
	s := mysqlSource{}
	head := dsn[:slash]
	s.database, s.params, _ = strings.Cut(dsn[slash+1:], "?")
	if strings.Contains(dsn[slash+1:], "?") {
		s.params = "?" + s.params
	}
	if at := strings.LastIndexByte(head, '@'); at >= 0 {
		s.user, s.password, s.keyed = strings.Cut(head[:at], ":")
		head = head[at+1:]
	}
	s.net = head
	if bracket := strings.IndexByte(head, '('); bracket >= 0 {
		if !strings.HasSuffix(head, ")") {
			return vague
		}
		s.net, s.address = head[:bracket], head[bracket+1:len(head)-1]
	}
	if s.net == "" {
		s.net = "tcp"
	}
	if strings.ContainsAny(s.database, "%") {
		return vagueSource{"the name of its database is escaped"}
	}
	return s
}

func (s mysqlSource) targets() ([]sqlTarget, string) {
	switch s.net {
	case "tcp":
		address := s.address
		if address == "" {
			address = "127.0.0.1"
		}
		host, port, ok := hostPort(address, mysqlPort)
		if !ok {
			return nil, "its port cannot be read"
		}
		return []sqlTarget{{database: s.database, host: host, port: port}}, ""
	case "unix":
		return []sqlTarget{{database: s.database, host: "localhost", port: mysqlPort}}, ""
	}
	return []sqlTarget{{database: s.database, vague: true}}, ""
}

func (s mysqlSource) aimed(shadow *shadowDatabase, password string) (string, any, error) {
	there := shadow.Shadow
	if strings.ContainsAny(there.Name, "/?%") {
		return "", nil, errors.New("the name of the shadow cannot stand in a data source name")
	}
	s.database = there.Name
	targets, reason := s.targets()
	if reason != "" {
		return "", nil, errors.New(reason)
	}
	now := targets[0]
	host, port := there.Host, there.Port
	if host == "" {
		host = now.host
	}
	if port == 0 {
		port = now.port
	}
	if there.Host+strconv.FormatInt(there.Port, 10) != "0" && (now.vague || !sameHost(host, now.host) || port != now.port) {
		if now.vague && (there.Host == "" || there.Port == 0) {
			return "", nil, errors.New("which server its shadow is on cannot be told")
		}
		s.net, s.address = "tcp", net.JoinHostPort(host, strconv.FormatInt(port, 10))
	}
	if there.User != "" {
		s.user = there.User
	}
	if there.Password != "" {
		s.password, s.keyed = password, true
	}
	return s.String(), nil, nil
}

func (s mysqlSource) String() string {
	var b strings.Builder
	if s.user != "" || s.keyed {
		b.WriteString(s.user)
		if s.keyed {
			b.WriteString(":" + s.password)
		}
		b.WriteByte('@')
	}
	b.WriteString(s.net)
	if s.address != "" {
		b.WriteString("(" + s.address + ")")
	}
	b.WriteString("/" + s.database + s.params)
	return b.String()
}
