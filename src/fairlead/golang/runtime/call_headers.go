package fairlead

import (
	"strconv"
	"strings"
)

// What an outbound call carries (ADR 1): the lane's label in place of what there is under our keys,
// who calls, and the trace of its request unless the application writes one.

// aimed returns where the attempt under way goes.
func (c *Call) aimed() Target {
	t := c.headers()
	t.Address = c.target.address
	return t
}

// headers returns what is changed of a call's headers wherever it goes.
func (c *Call) headers() Target {
	set, remove := c.set[:0], c.remove[:0]
	written := c.out.Header[baggageHeader.spelt(c.out.GRPC)]
	if label := c.plan.lanes.label(c.lane, written); label != "" {
		set = append(set, [2]string{baggageHeader.spelt(c.out.GRPC), label})
	} else if len(written) > 0 {
		remove = append(remove, baggageHeader.spelt(c.out.GRPC))
	}
	if c.callee != nil {
		name := callerHeader.spelt(c.out.GRPC)
		if caller := c.caller(); caller != "" {
			set = append(set, [2]string{name, caller})
		} else if len(c.out.Header[name]) > 0 {
			remove = append(remove, name)
		}
	}
	if parent, state := c.trace(); parent != "" {
		set = append(set, [2]string{parentHeader.spelt(c.out.GRPC), parent})
		if state != "" {
			set = append(set, [2]string{stateHeader.spelt(c.out.GRPC), state})
		}
	}
	return Target{Set: set, Remove: remove}
}

func (c *Call) caller() string {
	if c.way != nil && c.way.caller != nil {
		return *c.way.caller
	}
	return c.callee.caller
}

// trace returns what a call carries on, "" where it carries nothing of ours.
func (c *Call) trace() (parent, state string) {
	if c.request == nil || told.traceless || len(c.out.Header[parentHeader.spelt(c.out.GRPC)]) > 0 {
		return "", ""
	}
	return readTrace(c.request.trace[0], c.request.trace[1])
}

// departing is a call as rules ask about it.
type departing Call

// caller is the app whose request is served.
func (d *departing) caller() string {
	if d.request == nil {
		return ""
	}
	return d.request.from
}

// entrance is the resource of the request that is served.
func (d *departing) entrance() string {
	if d.request == nil {
		return ""
	}
	return d.request.entrance()
}

func (d *departing) value(p *param) (one string, several []string, known bool) {
	out := &d.out
	switch p.Source {
	case "header":
		one, known = d.header(p.header())
	case "cookie":
		text, _ := d.header(cookieHeader)
		one, known = cookieValue(text, p.Name)
	case "query":
		one, known = queryValue(out.RawQuery, p.Name)
	case "path":
		one, known = pathSegment(out.Path, p.Name)
	case "host":
		one, known = hostName(out.Host), true
	case "grpc":
		return fieldOf(out.Message, p.Name)
	}
	return one, nil, known
}

func (d *departing) header(name headerName) (string, bool) {
	values := d.out.Header[name.spelt(d.out.GRPC)]
	if len(values) == 0 {
		return "application/grpc", d.out.GRPC && name.lower == "content-type"
	}
	return strings.Join(values, ","), true
}

// pathSegment returns a segment of a path by its number, which may count from the last, and all of the
// path for any other name.
func pathSegment(path, name string) (string, bool) {
	number, err := strconv.Atoi(name)
	if err != nil || name[0] == '+' {
		return path, true
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if number < 0 {
		number += len(segments)
	}
	if number < 0 || number >= len(segments) {
		return "", false
	}
	return segments[number], true
}

// unreachable says that a known app has no endpoint that may serve a lane.
type unreachable struct {
	app, lane, subset string
	unfit             [][2]string // those it has, and that could write what is the lane's to base
}

const namedUnfit = 3

func (u *unreachable) Error() string {
	where := "app '" + u.app + "'"
	if u.subset != "" {
		where += ", subset '" + u.subset + "',"
	}
	lane := u.lane
	if lane == "" {
		lane = "base"
	}
	where += " for lane '" + lane + "'"
	if len(u.unfit) == 0 {
		return "fairlead: no live endpoint of " + where
	}
	var names []string
	for _, one := range u.unfit[:min(namedUnfit, len(u.unfit))] {
		names = append(names, one[0]+" ("+one[1]+")")
	}
	text := strings.Join(names, ", ")
	if more := len(u.unfit) - namedUnfit; more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return "fairlead: no endpoint of " + where + " is fit for its shadows: " + text
}
