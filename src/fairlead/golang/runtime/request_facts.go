package fairlead

import (
	"crypto/rand"
	"encoding/hex"
	"math"
	dice "math/rand"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// served is a request as rules ask about it (fairlead.instruments.facts). Only the goroutine of the
// request asks: headers are the application's to change.
type served Request

func (s *served) caller() string { return s.from }

// entrance is nothing: an inbound call is part of no other.
func (s *served) entrance() string { return "" }

func (s *served) value(p *param) (one string, several []string, known bool) {
	in := &s.in
	v := view{(*Request)(s)}
	switch p.Source {
	case "header":
		one, known = v.header(p.header())
	case "query":
		return severalOf(queryValues(latin(in.RawQuery), p.Name))
	case "cookie":
		text, _ := v.header(cookieHeader)
		return severalOf(cookieValues(text, p.Name))
	case "path":
		one, known = pathPart(s.template, in.Path, p.Name)
	case "client-ip":
		one, known = v.peer()
	case "host":
		if !in.GRPC && in.Host != "" {
			one, known = hostName(in.Host), true
		}
	case "grpc":
		return fieldOf(in.Message, p.Name)
	}
	return one, nil, known
}

func (p *param) header() headerName {
	if p.canonical == "" {
		return headerNamed(strings.ToLower(p.Name))
	}
	return headerName{p.lower, p.canonical}
}

// severalOf returns one value as text, and several as a list: it is left to the application which of
// them counts.
func severalOf(values []string) (one string, several []string, known bool) {
	switch len(values) {
	case 0:
		return "", nil, false
	case 1:
		return values[0], nil, true
	}
	return "", values, true
}

// hostName returns the name in a Host header, lower case, without the port.
func hostName(header string) string {
	name := strings.ToLower(trimSpace(header))
	if strings.HasPrefix(name, "[") {
		head, _, _ := strings.Cut(name, "]")
		return head + "]"
	}
	head, _, _ := strings.Cut(name, ":")
	return head
}

// pathPart returns a variable of a path by its name, or by its number among them, which may count
// from the last. A router has matched the path: what the template says is there.
func pathPart(template, path, name string) (string, bool) {
	number, err := strconv.Atoi(name)
	numbered := err == nil && name[0] != '+'
	var values []string
	rest := strings.Split(strings.Trim(path, "/"), "/")
	for i, segment := range strings.Split(strings.Trim(template, "/"), "/") {
		if !strings.HasPrefix(segment, "{") || !strings.HasSuffix(segment, "}") || i >= len(rest) {
			continue
		}
		variable, value := segment[1:len(segment)-1], rest[i]
		if tail := strings.TrimSuffix(variable, "..."); tail != variable {
			variable, value = tail, strings.Join(rest[i:], "/")
		}
		if variable == name {
			return value, true
		}
		values = append(values, value)
	}
	if numbered && number < 0 {
		number += len(values)
	}
	if !numbered || number < 0 || number >= len(values) {
		return "", false
	}
	return values[number], true
}

func headerText(in *Inbound, name headerName) string {
	values := in.Header[name.spelt(in.GRPC)]
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return strings.Join(values, ",")
}

// traceSampling says which share of the traces that begin here is recorded. It is set before anything
// is served.
var traceSampling = func() float64 { return 1 }

// begunTrace returns a trace that is one, or a new one.
func begunTrace(came [2]string) [2]string {
	if parent, _ := readTrace(came[0], came[1]); parent != "" {
		return came
	}
	var number [24]byte
	if _, err := rand.Read(number[:]); err != nil {
		return came
	}
	number[15] |= 1
	number[23] |= 1
	text := hex.EncodeToString(number[:])
	sampled := "-00"
	if dice.Float64() < traceSampling() {
		sampled = "-01"
	}
	return [2]string{"00-" + text[:32] + "-" + text[32:] + sampled, ""}
}

// inherited is what a request says about the calls that it causes (fairlead.flow.call.Inherited).
// Strangers may have written it: it can only shorten what a call takes, and switch repetitions off.
type inherited struct {
	until   int64 // when its caller waits no more by clock, 0 for as long as it takes
	attempt int32 // which attempt of its caller's it is, 0 where nobody has said
	spent   bool  // whether nobody below is to repeat anything
	there   bool
}

var (
	deadlineHeader = headerNamed("x-fairlead-deadline-ms")
	attemptHeader  = headerNamed("x-envoy-attempt-count")
	retryHeader    = headerNamed("x-fairlead-retry")
)

const retryOff = "off"

func inheritedOf(r *Request) (found inherited) {
	if left, ok := shortNumber(headerText(&r.in, deadlineHeader)); ok {
		// A deadline of now is one as well.
		found.until, found.there = max(1, r.began+int64(left)*1e6), true
	}
	if attempt, ok := shortNumber(headerText(&r.in, attemptHeader)); ok {
		found.attempt, found.there = int32(attempt), true
	}
	if headerText(&r.in, retryHeader) == retryOff {
		found.spent, found.there = true, true
	}
	if !r.in.GRPC {
		return found
	}
	if deadline, ok := r.Context.Deadline(); ok {
		until := int64(deadline.Sub(clockBegan))
		if found.until == 0 || until < found.until {
			found.until = max(1, until)
		}
		found.there = true
	}
	return found
}

// shortNumber reads a number of nine digits at most: a longer one says nothing.
func shortNumber(text string) (int, bool) {
	if !isDigits(text, 9) {
		return 0, false
	}
	number, err := strconv.Atoi(text)
	return number, err == nil && number <= math.MaxInt32
}

// meantMethod returns the method of a request as rules know it: what HEAD asks for is what GET would
// answer, or a limit could be gone around.
func meantMethod(method string) string {
	switch method {
	case "", "HEAD":
		return "GET"
	}
	return method
}

// isServerFault tells whether a code of gRPC is an error of a server.
func isServerFault(code int) bool {
	switch code {
	case 2, 4, 12, 13, 14, 15:
		return true
	}
	return false
}

// mostRoutes are the routes whose names are kept: of more, the names are made each time.
const mostRoutes = 10_000

var routeNames struct {
	sync.RWMutex
	known  map[[2]string]*routeNaming
	atHand [256]atomic.Pointer[routeNaming]
}

// routeNaming is a route with its name. Routers give the same text of a route each time: by where that
// is in memory the name is found without a lock.
type routeNaming struct {
	route [2]string
	naming
}

// routeResource returns METHOD:/template, made once for each.
func routeResource(method, template string) *naming {
	key := [2]string{method, template}
	where := uintptr(unsafe.Pointer(unsafe.StringData(template)))>>4 + uintptr(methodNumber(method))
	at := &routeNames.atHand[where%uintptr(len(routeNames.atHand))]
	found := at.Load()
	if found == nil || found.route != key {
		found = routeNamingOf(key)
		at.Store(found)
	}
	return &found.naming
}

func routeNamingOf(key [2]string) *routeNaming {
	routeNames.RLock()
	found := routeNames.known[key]
	routeNames.RUnlock()
	if found != nil {
		return found
	}
	made := &routeNaming{route: key, naming: naming{name: key[1]}}
	if knownMethods[key[0]] {
		made.name = key[0] + ":" + key[1]
	}
	routeNames.Lock()
	defer routeNames.Unlock()
	if routeNames.known == nil {
		routeNames.known = map[[2]string]*routeNaming{}
	}
	if len(routeNames.known) < mostRoutes {
		routeNames.known[key] = made
	}
	return made
}

// knownMethods are those that resources are named by without a rule that names them.
var knownMethods = setOf([]string{
	"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY",
})
