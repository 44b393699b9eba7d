package fairlead

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"strings"
)

// sqliteSource is a file, perhaps with parameters behind it: "shop.db?_fk=1", "file:shop.db?mode=ro".
type sqliteSource struct{ dsn string }

const memoryDatabase = "memory"

// file returns the path in a name, and what stands around it.
func (s sqliteSource) file() (before, file, after string) {
	file = s.dsn
	if mark := strings.IndexByte(file, '?'); mark >= 1 {
		file, after = file[:mark], file[mark:]
	}
	if strings.HasPrefix(file, "file:") {
		before, file = "file:", file[len("file:"):]
	}
	return before, file, after
}

// stemOf returns the name of an SQLite database: its file's without the ending.
func stemOf(file string) string {
	name := path.Base(file)
	if file == "" || name == ":memory:" || name == "." || name == "/" {
		return memoryDatabase
	}
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		return name[:dot]
	}
	return name
}

func (s sqliteSource) inMemory() bool {
	_, file, after := s.file()
	return stemOf(file) == memoryDatabase || strings.Contains(after, "mode=memory")
}

func (s sqliteSource) targets() ([]sqlTarget, string) {
	before, file, after := s.file()
	if before != "" {
		if strings.HasPrefix(file, "//") {
			return nil, "its file has a host"
		}
		plain, err := url.PathUnescape(file)
		if err != nil {
			return nil, "the name of its file cannot be read"
		}
		file = plain
	}
	if strings.Contains(after, "vfs=") {
		return nil, "it has a file system of its own"
	}
	return []sqlTarget{{database: stemOf(file)}}, ""
}

func (s sqliteSource) aimed(shadow *shadowDatabase, _ string) (string, any, error) {
	before, file, after := s.file()
	if s.inMemory() {
		if strings.Contains(after, "cache=shared") || strings.Contains(after, "vfs=") {
			return "", nil, fmt.Errorf("which database beside %s is its shadow cannot be told", s.dsn)
		}
		return s.dsn, nil, nil // it is new for each connection, and so nobody else's
	}
	at := strings.LastIndex(file, shadow.Source.Name)
	if at < 0 {
		return "", nil, fmt.Errorf("which file beside %s is the shadow %s cannot be told", file, shadow.Shadow.Name)
	}
	there := file[:at] + shadow.Shadow.Name + file[at+len(shadow.Source.Name):]
	plain := there
	if before != "" {
		var err error
		if plain, err = url.PathUnescape(there); err != nil {
			return "", nil, err
		}
	}
	if stemOf(plain) != shadow.Shadow.Name {
		return "", nil, fmt.Errorf("which file beside %s is the shadow %s cannot be told", file, shadow.Shadow.Name)
	}
	if _, err := os.Stat(plain); err != nil {
		return "", nil, fmt.Errorf("unable to open %s, the shadow of %s: it does not exist", plain, shadow.Source.Name)
	}
	return before + there + after, nil, nil
}
