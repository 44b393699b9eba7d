package fairlead

import (
	"regexp"
	"strings"
)

// What a statement that nobody parses does to its connection, told from how it begins
// (fairlead.instruments.effects). In doubt it does more rather than less.

// sqlHead returns the first word of a statement in lower case, behind blanks, comments and brackets,
// and what follows it.
func sqlHead(text string) (word, rest string) {
	for {
		text = strings.TrimLeft(text, " \t\r\n\f\v(")
		switch {
		case strings.HasPrefix(text, "/*") && !strings.HasPrefix(text, "/*!") && !strings.HasPrefix(text, "/*M!"):
			end := strings.Index(text[2:], "*/")
			if end < 0 {
				return "", ""
			}
			text = text[2+end+2:]
			continue
		case strings.HasPrefix(text, "--"), strings.HasPrefix(text, "#"):
			end := strings.IndexByte(text, '\n')
			if end < 0 {
				return "", ""
			}
			text = text[end+1:]
			continue
		}
		break
	}
	end := 0
	for end < len(text) && (text[end]|0x20 >= 'a' && text[end]|0x20 <= 'z' || text[end] == '_') {
		end++
	}
	return strings.ToLower(text[:end]), text[end:]
}

// severalStatements tells whether there may be more than one in a text: a semicolon in a literal ends
// none.
func severalStatements(text string) bool {
	if !strings.Contains(text, ";") {
		return false
	}
	return strings.Contains(strings.TrimRight(withoutStrings(text), "; \t\r\n"), ";")
}

func withoutStrings(text string) string {
	if !strings.ContainsAny(text, `'"`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\'' && c != '"' {
			b.WriteByte(c)
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != c {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(text) {
			b.WriteString(text[i:]) // it does not end: what is in it may be anything
			return b.String()
		}
		b.WriteString("''")
		i = end
	}
	return b.String()
}

// sqlEffect is what a statement does to a connection.
type sqlEffect struct {
	writes bool // rows, perhaps
	ends   bool // a transaction
	begins bool
	sets   bool // the session: which database, how text is read
	state  bool // the same, or perhaps: what it does is not known
	parts  bool // makes what this connection alone sees
	plain  bool // nothing but read or change rows
}

func effectOf(text string) sqlEffect {
	word, rest := sqlHead(text)
	several := severalStatements(text)
	e := sqlEffect{}
	switch word {
	case "insert", "update", "delete":
		e.writes, e.plain = true, true
	case "select", "show", "desc", "describe", "savepoint", "release":
		e.plain = true
	case "commit", "end", "abort":
		e.ends = true
	case "rollback":
		next, _ := sqlHead(rest)
		e.ends = next != "to"
		e.plain = next == "to"
	case "begin", "start":
		next, _ := sqlHead(rest)
		e.begins = next != "not"
		e.writes, e.state = !e.begins, !e.begins
	case "use", "attach", "detach", "reset":
		e.sets, e.state = true, true
	case "set":
		next, _ := sqlHead(rest)
		e.sets, e.state, e.writes = true, true, next == "statement"
	default:
		// What is not known may change the current database too: CALL, EXECUTE, a comment.
		e.state, e.writes = true, true
	}
	if several {
		return sqlEffect{writes: true, state: true, parts: partsFrom(word, text)}
	}
	e.parts = !e.plain && partsFrom(word, text)
	return e
}

var (
	mayOpen       = regexp.MustCompile(`(?i)\b(?:autocommit|begin|start|xa|call|chain|execute)\b|;|/\*M?!`)
	createsWord   = regexp.MustCompile(`(?i)\bcreate\b`)
	temporaryWord = regexp.MustCompile(`(?i)\btemp(?:orary)?\b`)
	roleWord      = regexp.MustCompile(`(?i)\brole\b`)
)

func partsFrom(word, text string) bool {
	if createsWord.MatchString(text) {
		return temporaryWord.MatchString(text)
	}
	switch word {
	case "use", "set", "attach", "detach", "reset":
		return roleWord.MatchString(text)
	}
	return false
}

// controlsOnly tells whether a statement begins, ends or sets something and names no rows.
func controlsOnly(text string) bool {
	word, _ := sqlHead(text)
	switch word {
	case "set", "begin", "start", "commit", "rollback", "end", "abort", "savepoint", "release":
		return !strings.Contains(strings.TrimRight(text, "; \t\r\n"), ";") && !strings.Contains(text, "/*")
	}
	return false
}

// asksWarnings tells whether it asks about the statement before it: a question of ours in between
// would leave nothing to show.
func asksWarnings(text string) bool {
	word, rest := sqlHead(text)
	if word != "show" || strings.Contains(strings.TrimRight(text, "; \t\r\n"), ";") {
		return false
	}
	next, _ := sqlHead(rest)
	return next == "warnings" || next == "errors" || next == "count"
}

// sqlGap is what may stand between two words.
const sqlGap = `(?:\s|/\*.*?\*/|--[^\n]*\n|#[^\n]*\n)*`

// leadsOut tells whether a statement may name, on a connection to a shadow, the database itself whose
// shadow is meant, or on one of MySQL any that has a shadow (fairlead.instruments.escape).
func leadsOut(way *regexp.Regexp, text string) bool {
	if way == nil || !way.MatchString(text) {
		return false
	}
	for _, mark := range []string{`\`, "--", "#", "/*", "$$"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return way.MatchString(singleQuoted.ReplaceAllString(text, "''"))
}

var (
	singleQuoted = regexp.MustCompile(`'(?:[^']|'')*'`)
	attachWord   = regexp.MustCompile(`(?i)\b(?:attach|detach)\b`)
)

// wayOut returns what finds databases in a statement, nil where a statement cannot reach them.
func wayOut(dialect string, names []string) *regexp.Regexp {
	if len(names) == 0 {
		return nil
	}
	switch dialect {
	case sqliteDialect:
		return attachWord
	case mysqlDialect:
		quoted := make([]string, len(names))
		for i, name := range names {
			quoted[i] = regexp.QuoteMeta(name)
		}
		one := "[`\"]?(?:" + strings.Join(quoted, "|") + ")[`\"]?"
		return regexp.MustCompile(`(?is)\b(?:prepare|execute)\b|(?:^|[^\w$])` + one + sqlGap + `\.` +
			`|\buse\b` + sqlGap + one + `(?:[^\w$]|$)` +
			`|\b(?:database|schema)\b.*?` + one)
	}
	return nil
}
