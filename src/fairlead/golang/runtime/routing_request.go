package fairlead

import "strings"

// routeRequest is what routing may know of a request (fairlead.policy.routing.request).
type routeRequest struct {
	method    string
	authority string // host that is asked for, with the port where one was written
	path      string // with the query
	scheme    string
	headers   map[string][]string // canonical names, lower case for gRPC
	grpc      bool
	joined    bool // whether a header that comes several times is one value
	tls       bool
	metadata  map[string]any // what filters have verified
	random    func() uint64  // a number that is drawn once
	sourceIP  string
	message   any    // of gRPC
	parent    string // trace that is sent, where the application has written none
	label     string // baggage that is sent, "" for the application's own
}

// header returns the value of a header, or of what HTTP/2 calls one; repeated ones are joined.
func (q *routeRequest) header(name string) (string, bool) {
	if name == "baggage" && q.label != "" {
		return q.label, true
	}
	if values := q.listed(name); len(values) == 1 {
		return values[0], true
	} else if len(values) > 1 {
		return strings.Join(values, ","), true
	}
	switch name {
	case ":method":
		return q.method, true
	case ":authority", "host":
		return q.authority, true
	case ":path":
		return q.path, true
	case ":scheme":
		return q.scheme, true
	case "content-type":
		return "application/grpc", q.grpc
	case traceParent:
		return q.parent, q.parent != ""
	}
	return "", false
}

func (q *routeRequest) listed(name string) []string {
	if q.grpc {
		return q.headers[name]
	}
	if values, ok := q.headers[headerNamed(name).canonical]; ok {
		return values
	}
	return nil
}

// values returns the values that a test of a header may be held against, one after the other.
func (q *routeRequest) values(name string) []string {
	if values := q.listed(name); len(values) > 1 && !q.joined {
		return values
	}
	if value, there := q.header(name); there {
		return []string{value}
	}
	return nil
}

// plain returns the path without query and fragment.
func (q *routeRequest) plain() string { return withoutQuery(q.path) }

func withoutQuery(path string) string {
	if at := strings.IndexAny(path, "?#"); at >= 0 {
		return path[:at]
	}
	return path
}

// query returns the first value of a parameter, as it is written: Envoy does not decode it here.
func (q *routeRequest) query(name string) (found string, there bool) {
	whole, _, _ := strings.Cut(q.path, "#")
	_, text, _ := strings.Cut(whole, "?")
	for _, part := range strings.Split(text, "&") {
		if key, value, _ := strings.Cut(part, "="); key != "" && key == name {
			return value, true
		}
	}
	return "", false
}

// cookie returns the first value of a cookie.
func (q *routeRequest) cookie(name string) (string, bool) {
	text, _ := q.header("cookie")
	for _, part := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ';' }) {
		key, value, separated := strings.Cut(trimSpace(part), "=")
		if !separated || key != name {
			continue
		}
		if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		return value, true
	}
	return "", false
}

// messageMetadata is metadata with the fields of a gRPC call's message.
const messageMetadata = "fairlead.message"

// said returns what a filter has found out, nil for nothing.
func (q *routeRequest) said(filter string, path []string) any {
	if filter == messageMetadata && len(path) == 1 {
		if one, _, known := fieldOf(q.message, path[0]); known {
			return one
		}
		return nil
	}
	found := q.metadata[filter]
	for _, step := range path {
		inner, ok := found.(map[string]any)
		if !ok {
			return nil
		}
		found = inner[step]
	}
	return found
}
