package fairlead

import (
	"strings"
	"sync"
	"sync/atomic"
)

// mostTemplates are the routes of a program that are kept as they are written; more are worked out
// each time.
const mostTemplates = 4096

// writings are routes as routers write them, and as fairlead does.
type writings struct {
	lock sync.Mutex
	kept atomic.Pointer[map[string]string]
}

var inColons, inBraces writings

// written returns a route as fairlead writes it, /users/{id}: routers write :id and *rest, or
// {id:[0-9]+} and {rest...}.
func written(template string, colons bool) string {
	if colons {
		if strings.IndexByte(template, ':') < 0 && strings.IndexByte(template, '*') < 0 {
			return template
		}
		return inColons.of(template, fromColons)
	}
	if strings.IndexByte(template, '{') < 0 {
		return template
	}
	return inBraces.of(template, fromBraces)
}

func (w *writings) of(template string, rewrite func(string) string) string {
	if kept := w.kept.Load(); kept != nil {
		if found, ok := (*kept)[template]; ok {
			return found
		}
	}
	as := rewrite(template)
	w.keep(template, as)
	return as
}

func (w *writings) keep(template, as string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	next := map[string]string{template: as}
	if kept := w.kept.Load(); kept != nil {
		if len(*kept) >= mostTemplates {
			return
		}
		for key, value := range *kept {
			next[key] = value
		}
	}
	w.kept.Store(&next)
}

// fromColons reads a route whose variables go from : or * to the next slash. One without a name stays.
func fromColons(template string) string {
	var out strings.Builder
	for i := 0; i < len(template); i++ {
		switch c := template[i]; {
		case c == '\\' && i+1 < len(template) && template[i+1] == ':':
			out.WriteByte(':')
			i++
		case c == ':' || c == '*':
			name := template[i+1:]
			if end := strings.IndexByte(name, '/'); end >= 0 {
				name = name[:end]
			}
			if name == "" {
				out.WriteByte(c)
				continue
			}
			out.WriteString("{" + name + "}")
			i += len(name)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// fromBraces reads a route whose variables stand in braces, with what they have to match.
func fromBraces(template string) string {
	var out strings.Builder
	for i := 0; i < len(template); {
		if template[i] != '{' {
			out.WriteByte(template[i])
			i++
			continue
		}
		var name string
		name, i = braced(template, i)
		out.WriteString("{" + name + "}")
	}
	return out.String()
}

// braced returns the name of the variable in braces at i, and where what follows them begins. What it
// has to match may have braces of its own.
func braced(template string, i int) (string, int) {
	depth, end := 0, i
	for ; end < len(template); end++ {
		if template[end] == '{' {
			depth++
		} else if template[end] == '}' {
			if depth--; depth == 0 {
				break
			}
		}
	}
	name := strings.TrimPrefix(template[i:end], "{")
	if colon := strings.IndexByte(name, ':'); colon >= 0 {
		name = name[:colon]
	}
	if end < len(template) {
		end++
	}
	return strings.TrimSuffix(strings.TrimSpace(name), "..."), end
}
