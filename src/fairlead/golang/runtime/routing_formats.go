package fairlead

import (
	"regexp"
	"strconv"
	"strings"
)

// Values of headers with Envoy's %COMMAND%, as far as a request knows what they ask for
// (fairlead.policy.routing.formats).

// headerPairs are headers by names in lower case, in order; a name may be repeated.
type headerPairs [][2]string

// value returns the value of a header, repeated ones joined.
func (h headerPairs) value(name string) (string, bool) {
	if name == "host" {
		name = ":authority"
	}
	var found []string
	for _, one := range h {
		if one[0] == name {
			found = append(found, one[1])
		}
	}
	return strings.Join(found, ","), found != nil
}

func (h headerPairs) without(name string) headerPairs {
	kept := make(headerPairs, 0, len(h))
	for _, one := range h {
		if one[0] != name {
			kept = append(kept, one)
		}
	}
	return kept
}

// replace returns headers with one value for a name, in its place.
func (h headerPairs) replace(name, value string) headerPairs {
	for i := range h {
		if h[i][0] == name {
			h[i][1] = value
		}
	}
	return h
}

var formatCommand = regexp.MustCompile(`%%|%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::(\d+))?%`)

// formatted returns a text with its commands carried out; those of a missing thing, and those that
// only what carries a request knows, leave nothing.
func formatted(text string, q *routeRequest, headers headerPairs) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	var out strings.Builder
	end := 0
	for _, at := range formatCommand.FindAllStringSubmatchIndex(text, -1) {
		out.WriteString(text[end:at[0]])
		end = at[1]
		if at[2] < 0 {
			out.WriteByte('%')
			continue
		}
		argument := ""
		if at[4] >= 0 {
			argument = text[at[4]:at[5]]
		}
		value := commandValue(text[at[2]:at[3]], argument, q, headers)
		if at[6] >= 0 {
			value = firstCharacters(value, text[at[6]:at[7]])
		}
		out.WriteString(value)
	}
	out.WriteString(text[end:])
	return out.String()
}

func firstCharacters(text, count string) string {
	most, err := strconv.Atoi(count)
	characters := []rune(text)
	if err != nil || most >= len(characters) {
		return text
	}
	return string(characters[:most])
}

func commandValue(name, argument string, q *routeRequest, headers headerPairs) string {
	switch name {
	case "REQ":
		for _, header := range strings.Split(strings.ToLower(argument), "?") {
			if value, there := headers.value(header); there {
				return value
			}
		}
	case "DYNAMIC_METADATA":
		path := strings.Split(argument, ":")
		if text, ok := q.said(path[0], path[1:]).(string); ok {
			return text
		}
	case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT":
		return q.sourceIP
	}
	return ""
}

// askedHeaders returns the headers that values ask for: %REQ(x-user?x-id)%.
func askedHeaders(text string) (names []string) {
	for _, found := range formatCommand.FindAllStringSubmatch(text, -1) {
		if found[1] != "REQ" {
			continue
		}
		for _, name := range strings.Split(strings.ToLower(found[2]), "?") {
			if !strings.HasPrefix(name, ":") {
				names = append(names, name)
			}
		}
	}
	return names
}
