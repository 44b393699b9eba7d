package fairlead

import "strings"

// What a route changes of a call, and of its answer, as whoever sends it is to write it
// (fairlead.flow.changing).

// unchanging are headers that no route changes: a lane's label, who calls, and what a connection
// depends on.
var unchanging = setOf([]string{
	"baggage", "fairlead-caller", "connection", "content-length", "transfer-encoding", "upgrade",
})

// changing finds the changes of calls of a route to one of its clusters.
type changing struct {
	levels   []*changesRule
	write    *rewriter
	host     string
	names    []string // of headers of calls that may change
	known    []string // of those that are asked for
	answered []string // of headers of answers that may change
}

// callChange is what is changed of one call.
type callChange struct {
	path, host string // "" for the application's own
	removed    []string
	added      [][2]string
	changing   *changing
	request    *routeRequest
}

// changingOf returns what finds the changes, nil where there are none.
func changingOf(route *way, weighted *weightedRule) *changing {
	c := &changing{write: route.write, host: weighted.Host}
	for _, one := range []*changesRule{&weighted.Changes, &route.rule.Changes} {
		if one.any() {
			c.levels = append(c.levels, one)
		}
	}
	forward := route.rule.Action.forward
	rewrites := forward.Path != nil || forward.Host != nil
	if len(c.levels) == 0 && !rewrites && c.host == "" {
		return nil
	}
	for _, one := range c.levels {
		c.ask(one)
	}
	if rewrites {
		c.names = appendOnce(appendOnce(c.names, "x-envoy-original-path"), "x-forwarded-host")
		if forward.Host != nil && forward.Host.Header != "" {
			c.known = appendOnce(c.known, strings.ToLower(forward.Host.Header))
		}
	}
	for _, name := range c.names {
		c.known = appendOnce(c.known, name)
	}
	return c
}

func (c *changing) ask(one *changesRule) {
	for _, name := range one.RequestRemoved {
		c.name(name)
	}
	for _, value := range one.RequestSet {
		c.name(value.Name)
	}
	for _, name := range one.ResponseRemoved {
		c.answered = appendOnce(c.answered, strings.ToLower(name))
	}
	for _, value := range one.ResponseSet {
		c.answered = appendOnce(c.answered, strings.ToLower(value.Name))
	}
	for _, values := range [][]headerValue{one.RequestSet, one.ResponseSet} {
		for _, value := range values {
			for _, name := range askedHeaders(value.Value) {
				c.known = appendOnce(c.known, name)
			}
		}
	}
}

func (c *changing) name(name string) {
	if lower := strings.ToLower(name); !unchanging[lower] {
		c.names = appendOnce(c.names, lower)
	}
}

// of returns the changes of one call.
func (c *changing) of(q *routeRequest) *callChange {
	before := headerPairs{
		{":authority", q.authority}, {":path", q.path}, {":method", q.method}, {":scheme", q.scheme},
	}
	for _, name := range c.known {
		if value, there := q.header(name); there {
			before = append(before, [2]string{name, value})
		}
	}
	after := append(headerPairs{}, before...)
	for _, one := range c.levels {
		after = after.changed(one.RequestRemoved, one.RequestSet, q)
	}
	after = c.write.routed(after, c.host)
	found := &callChange{changing: c, request: q}
	if path, _ := after.value(":path"); path != q.path {
		found.path = path
	}
	if host, _ := after.value(":authority"); host != q.authority {
		found.host = host
	}
	found.removed, found.added = difference(c.names, before, after)
	return found
}

// difference returns the names whose values differ, and the values that they have now.
func difference(names []string, before, after headerPairs) (removed []string, added [][2]string) {
	for _, name := range names {
		var was, is []string
		for _, one := range before {
			if one[0] == name {
				was = append(was, one[1])
			}
		}
		for _, one := range after {
			if one[0] == name {
				is = append(is, one[1])
			}
		}
		if strings.Join(was, "\n") == strings.Join(is, "\n") && len(was) == len(is) {
			continue
		}
		removed = append(removed, name)
		for _, value := range is {
			added = append(added, [2]string{name, value})
		}
	}
	return removed, added
}

// aim writes the changes into where an attempt goes.
func (c *callChange) aim(t *Target, grpc bool) {
	t.Host, t.Path = c.host, c.path
	spelt := func(name string) string { return headerNamed(name).spelt(grpc) }
	for _, name := range c.removed {
		name = spelt(name)
		t.Remove = append(t.Remove, name)
		for i, one := range t.Set {
			if one[0] == name {
				t.Set = append(append([][2]string{}, t.Set[:i]...), t.Set[i+1:]...)
				break
			}
		}
	}
	for _, one := range c.added {
		if grpc && (strings.HasPrefix(one[0], ":") || strings.HasPrefix(one[0], "grpc-")) {
			continue
		}
		t.Add = append(t.Add, [2]string{spelt(one[0]), one[1]})
	}
}

// answer changes the headers of an answer in place.
func (c *callChange) answer(header map[string][]string) {
	names := c.changing.answered
	if len(names) == 0 {
		return
	}
	var before headerPairs
	for _, name := range names {
		if values := header[headerNamed(name).canonical]; len(values) > 0 {
			before = append(before, [2]string{name, strings.Join(values, ",")})
		}
	}
	after := append(headerPairs{}, before...)
	for _, one := range c.changing.levels {
		after = after.changed(one.ResponseRemoved, one.ResponseSet, c.request)
	}
	removed, added := difference(names, before, after)
	for _, name := range removed {
		delete(header, headerNamed(name).canonical)
	}
	for _, one := range added {
		name := headerNamed(one[0]).canonical
		header[name] = append(header[name], one[1])
	}
}
