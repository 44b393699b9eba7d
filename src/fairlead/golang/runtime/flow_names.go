package fairlead

import "strings"

// How a call's resource is called (fairlead.policy.resource): METHOD:/template, /package.Service/Method
// of gRPC, call:APP, sql:DATABASE:TEXT.

// knownMethod numbers the methods that resources are named by without a rule that names them; those
// of gRPC have none, and count as one.
func methodNumber(method string) int {
	switch method {
	case "GET", "HEAD": // what HEAD asks for is what GET would answer, or a limit could be gone around
		return 1
	case "POST":
		return 2
	case "PUT":
		return 3
	case "PATCH":
		return 4
	case "DELETE":
		return 5
	case "OPTIONS":
		return 6
	case "TRACE":
		return 7
	case "CONNECT":
		return 8
	case "QUERY":
		return 9
	case "":
		return 0
	}
	return otherMethod
}

const (
	otherMethod = 10
	allMethods  = 11
)

// scopesOf returns a resource and the wider one that its calls are calls of too, first, or "".
func scopesOf(name string) (found [2]string) {
	found[1] = name
	if method, path := methodOf(name); method != "" {
		found[0] = path
		return found
	}
	switch kind, rest, _ := strings.Cut(name, ":"); {
	case strings.HasPrefix(name, "/"):
		found[0] = serviceOf(name)
	case kind == "call":
		if at := strings.Index(rest, ":/"); at >= 0 {
			found[0] = name[:len("call:")+at]
		}
	case kind == "sql":
		if at := strings.IndexByte(rest, ':'); at >= 0 {
			found[0] = name[:len("sql:")+at]
		}
	}
	return found
}

// methodOf returns the method and the path of METHOD:/path, nothing for any other name.
func methodOf(name string) (method, path string) {
	at := strings.IndexByte(name, ':')
	if at < 1 || at > 32 || at+1 >= len(name) || name[at+1] != '/' {
		return "", ""
	}
	for i := 0; i < at; i++ {
		if letter := name[i] | 0x20; letter < 'a' || letter > 'z' {
			return "", ""
		}
	}
	return name[:at], name[at+1:]
}

// serviceOf returns the service of what may be a method of gRPC, /package.Service/Method, or "".
func serviceOf(name string) string {
	at := strings.LastIndexByte(name, '/')
	if at < 2 || at == len(name)-1 || len(name) > 1024 || strings.ContainsAny(name, "{}") ||
		strings.IndexByte(name[1:at], '/') >= 0 {
		return ""
	}
	return name[:at]
}

// guesses finds the narrowest of the templates that a path may be.
type guesses struct {
	bySize map[int][]template // by the number of segments, the narrowest first
	open   []template         // those whose last variable is the rest of the path
}

type template struct {
	text     string
	segments []string // "" for a variable
}

func (g *guesses) add(text string) {
	one := template{text: text}
	segments := strings.Split(text[1:], "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}") {
			if strings.HasSuffix(segment, "...}") && i == len(segments)-1 {
				g.open = insert(g.open, one)
				return
			}
			segment = ""
		}
		one.segments = append(one.segments, segment)
	}
	if g.bySize == nil {
		g.bySize = map[int][]template{}
	}
	g.bySize[len(one.segments)] = insert(g.bySize[len(one.segments)], one)
}

// insert keeps the narrowest first: the first segment that one has and the other has not decides.
func insert(to []template, one template) []template {
	at := 0
	for at < len(to) && !one.narrower(to[at]) {
		if to[at].text == one.text {
			return to
		}
		at++
	}
	to = append(to, template{})
	copy(to[at+1:], to[at:])
	to[at] = one
	return to
}

func (t template) narrower(than template) bool {
	for i := 0; i < len(t.segments) && i < len(than.segments); i++ {
		if (t.segments[i] == "") != (than.segments[i] == "") {
			return t.segments[i] != ""
		}
	}
	return len(t.segments) > len(than.segments)
}

// find returns the template that a path may be, "" for none.
func (g *guesses) find(path string) string {
	if len(path) == 0 || path[0] != '/' {
		return ""
	}
	for _, one := range g.bySize[strings.Count(path, "/")] {
		if one.matches(path[1:], false) {
			return one.text
		}
	}
	for _, one := range g.open {
		if one.matches(path[1:], true) {
			return one.text
		}
	}
	return ""
}

func (t template) matches(path string, open bool) bool {
	for i, wanted := range t.segments {
		segment, rest, more := strings.Cut(path, "/")
		if wanted != segment && (wanted != "" || segment == "") {
			return false
		}
		if last := i == len(t.segments)-1; !more && !last || !more && open {
			return false
		}
		path = rest
	}
	return true
}
