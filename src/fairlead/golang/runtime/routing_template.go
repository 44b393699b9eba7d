package fairlead

import (
	"fmt"
	"regexp"
	"strings"
)

// Envoy's uri_template: /v1/{name}/*, {rest=**}; and rewrites that name its variables
// (fairlead.policy.routing.template).

const templateLetters = `a-zA-Z0-9\-._~%!$&'()+,;:@=`

var (
	templatePart     = regexp.MustCompile(`\A(?:\{(\w+)(?:=([^{}]*))?\}|\*\*|\*|[^{}*]+)`)
	templateVariable = regexp.MustCompile(`\{(\w+)\}`)
)

// routeTemplate returns what matches a template; variables are groups of their names.
func routeTemplate(text string) (*regexp.Regexp, error) {
	var out strings.Builder
	for rest := text; rest != ""; {
		found := templatePart.FindStringSubmatch(rest)
		if found == nil {
			return nil, fmt.Errorf("%q is not a template, at %q", text, rest)
		}
		rest = rest[len(found[0]):]
		if found[1] == "" {
			out.WriteString(globbed(found[0]))
			continue
		}
		inner := found[2]
		if inner == "" {
			inner = "*"
		}
		out.WriteString("(?P<" + found[1] + ">")
		for inner != "" {
			part := templatePart.FindString(inner)
			if part == "" {
				return nil, fmt.Errorf("%q is not a template", text)
			}
			out.WriteString(globbed(part))
			inner = inner[len(part):]
		}
		out.WriteString(")")
	}
	return whole(out.String())
}

func globbed(part string) string {
	switch part {
	case "**":
		return "[" + templateLetters + "/]*"
	case "*":
		return "[" + templateLetters + "]+"
	}
	return regexp.QuoteMeta(part)
}

// rewrittenByTemplate returns text with the variables that the pattern finds in a path.
func rewrittenByTemplate(pattern *regexp.Regexp, text, path string) string {
	found := pattern.FindStringSubmatch(path)
	if found == nil {
		return path
	}
	return templateVariable.ReplaceAllStringFunc(text, func(one string) string {
		if at := pattern.SubexpIndex(one[1 : len(one)-1]); at >= 0 {
			return found[at]
		}
		return ""
	})
}
