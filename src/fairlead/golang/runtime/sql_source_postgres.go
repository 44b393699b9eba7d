package fairlead

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// postgresSource is a data source name of pgx or lib/pq: a URL, or words key=value as libpq has them.
type postgresSource struct {
	words  [][2]string // in order; the last of a key counts
	params url.Values  // what a URL says beside
	isURL  bool
	scheme string
	env    func(string) string
}

const postgresPort = 5432

// readPostgresSource reads it as libpq does. env gives libpq's variables.
func readPostgresSource(dsn string, env func(string) string) sqlSource {
	s := &postgresSource{env: env}
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		if !s.readURL(dsn) {
			return vagueSource{"its URL cannot be read"}
		}
	} else if strings.HasPrefix(dsn, "registeredConnConfig") {
		return vagueSource{"its data source name stands for a configuration in the program"}
	} else if !s.readWords(dsn) {
		return vagueSource{"its data source name cannot be read"}
	}
	if s.value("service") != "" || env("PGSERVICE") != "" {
		return vagueSource{"a service file has a say in where it leads"}
	}
	return s
}

func (s *postgresSource) readURL(dsn string) bool {
	u, err := url.Parse(dsn)
	if err != nil || u.Opaque != "" {
		return false
	}
	s.isURL, s.scheme, s.params = true, u.Scheme, u.Query()
	set := func(key, value string) {
		if value != "" {
			s.words = append(s.words, [2]string{key, value})
		}
	}
	if u.User != nil {
		set("user", u.User.Username())
		if password, ok := u.User.Password(); ok {
			s.words = append(s.words, [2]string{"password", password})
		}
	}
	var hosts, ports []string
	for _, one := range strings.Split(u.Host, ",") {
		if one == "" {
			continue
		}
		host, port, ok := hostPort(one, 0)
		if !ok {
			return false
		}
		hosts = append(hosts, host)
		ports = append(ports, strconv.FormatInt(port, 10))
	}
	for i, port := range ports {
		if port == "0" {
			ports[i] = ""
		}
	}
	set("host", strings.Join(hosts, ","))
	if strings.Trim(strings.Join(ports, ","), ",") != "" {
		set("port", strings.Join(ports, ","))
	}
	set("dbname", strings.TrimLeft(u.Path, "/"))
	for _, key := range []string{"host", "hostaddr", "port", "dbname", "database", "user", "password", "service"} {
		for _, value := range s.params[key] {
			set(key, value)
		}
		s.params.Del(key)
	}
	return true
}

func (s *postgresSource) readWords(dsn string) bool {
	rest := dsn
	for {
		rest = strings.TrimLeft(rest, " \t\r\n\f\v")
		if rest == "" {
			return true
		}
		equals := strings.IndexByte(rest, '=')
		if equals < 0 {
			return false
		}
		key := strings.TrimSpace(rest[:equals])
		value, left, ok := libpqValue(strings.TrimLeft(rest[equals+1:], " \t\r\n\f\v"))
		if !ok || key == "" {
			return false
		}
		rest = left
		s.words = append(s.words, [2]string{key, value})
	}
}

// libpqValue returns the value that a text begins with, in quotes or up to a blank.
func libpqValue(text string) (value, rest string, ok bool) {
	var b strings.Builder
	quoted := strings.HasPrefix(text, "'")
	i := 0
	if quoted {
		i = 1
	}
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			if i++; i == len(text) {
				return "", "", false
			}
			b.WriteByte(text[i])
		case quoted && c == '\'':
			return b.String(), text[i+1:], true
		case !quoted && strings.IndexByte(" \t\r\n\f\v", c) >= 0:
			return b.String(), text[i:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", !quoted
}

// value returns what is said last of a key.
func (s *postgresSource) value(key string) string {
	for i := len(s.words) - 1; i >= 0; i-- {
		word := s.words[i][0]
		if word == key || key == "dbname" && word == "database" {
			return s.words[i][1]
		}
	}
	return ""
}

func (s *postgresSource) said(key, variable string) string {
	if value := s.value(key); value != "" {
		return value
	}
	return s.env(variable)
}

func (s *postgresSource) targets() ([]sqlTarget, string) {
	database := s.said("dbname", "PGDATABASE")
	if database == "" {
		database = s.said("user", "PGUSER")
	}
	if database == "" {
		return nil, "it names no database"
	}
	host := s.said("host", "PGHOST")
	if host == "" {
		host = s.said("hostaddr", "PGHOSTADDR")
	}
	hosts, ports := strings.Split(host, ","), strings.Split(s.said("port", "PGPORT"), ",")
	var found []sqlTarget
	for i, one := range hosts {
		text := ports[0]
		if len(ports) == len(hosts) {
			text = ports[i]
		}
		port := int64(postgresPort)
		if text != "" {
			number, ok := portOf(text)
			if !ok {
				return nil, "its port cannot be read"
			}
			port = number
		}
		if strings.HasPrefix(one, "/") || strings.HasPrefix(one, "@") {
			one = "" // a socket's directory is on this host
		}
		found = append(found, sqlTarget{database: database, host: one, port: port})
	}
	return found, ""
}

func (s *postgresSource) aimed(shadow *shadowDatabase, password string) (string, any, error) {
	there, to := shadow.Shadow, *s
	to.words = append([][2]string(nil), s.words...)
	targets, reason := s.targets()
	if reason != "" {
		return "", nil, errors.New(reason)
	}
	to.set("dbname", there.Name)
	host, port := there.Host, there.Port
	if host == "" {
		host = targets[0].host
	}
	if port == 0 {
		port = targets[0].port
	}
	if !sameHost(host, targets[0].host) || port != targets[0].port {
		to.drop("hostaddr")
		to.set("port", strconv.FormatInt(port, 10))
		if there.Host != "" {
			to.set("host", there.Host)
		}
	}
	if there.User != "" {
		to.set("user", there.User)
	}
	if there.Password != "" {
		to.set("password", password)
	}
	return to.String(), nil, nil
}

func (s *postgresSource) drop(key string) {
	kept := s.words[:0]
	for _, word := range s.words {
		if word[0] != key && !(key == "dbname" && word[0] == "database") {
			kept = append(kept, word)
		}
	}
	s.words = kept
}

func (s *postgresSource) set(key, value string) {
	s.drop(key)
	s.words = append(s.words, [2]string{key, value})
}

// String spells a URL as words too, which both drivers read: its parameters have the same names.
func (s *postgresSource) String() string {
	var b strings.Builder
	word := func(key, value string) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		value = strings.ReplaceAll(strings.ReplaceAll(value, `\`, `\\`), `'`, `\'`)
		b.WriteString(key + "='" + value + "'")
	}
	for _, one := range s.words {
		key := one[0]
		if key == "database" {
			key = "dbname"
		}
		word(key, one[1])
	}
	for _, key := range sortedNames(s.params) {
		for _, value := range s.params[key] {
			word(key, value)
		}
	}
	return b.String()
}
