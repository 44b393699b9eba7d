package fairlead

import (
	"context"
	"net"
	"strconv"
	"strings"
	_ "unsafe" // for go:linkname
)

// flatServe begins a call of gRPC that is served, whose metadata is header, a copy that loses what
// nobody here believes. The request is the context of the work, to be ended by flatServed; nil where
// we have failed. A code says that a rule turns the call away, with which text and trailer.
//
//go:linkname flatServe
func flatServe(ctx context.Context, method, remote string, header map[string][]string, message any) (
	request context.Context, code int, text string, trailer map[string][]string) {
	defer flatFault("grpc")
	host := ""
	if authority := header[":authority"]; len(authority) > 0 {
		host = authority[0]
	}
	in := &Inbound{GRPC: true, Method: "POST", Scheme: "http", Host: host, Path: method, Remote: remote,
		Header: header, Message: message}
	r, rejection := Begin(ctx, in)
	if rejection == nil {
		return r, 0, "", nil
	}
	code, text = rejection.rpc()
	return r, code, text, map[string][]string{pushback: {rejection.pushback()}}
}

// flatServed ends a call that flatServe began.
//
//go:linkname flatServed
func flatServed(request context.Context, code int, failed bool) {
	defer flatFault("grpc")
	if r, ok := request.(*Request); ok {
		r.End(0, code, failed)
	}
}

// pushback is metadata that tells a client when to try again, if it does (gRFC A6); negative for never.
const pushback = "grpc-retry-pushback-ms"

func (r *Rejection) pushback() string {
	if r.Reason == "authority" {
		return "-1"
	}
	for _, pair := range r.Header {
		if seconds, err := strconv.Atoi(pair[1]); err == nil && pair[0] == "Retry-After" && seconds > 0 {
			return strconv.Itoa(seconds * 1000)
		}
	}
	return "1000"
}

const (
	rpcUnknown          = 2
	rpcDeadlineExceeded = 4
	rpcUnavailable      = 14
	rpcLastCode         = 16
)

// rpc returns the code and the text of the answer; one that is none, or is no error, is UNKNOWN.
func (r *Rejection) rpc() (int, string) {
	if r.GRPCStatus <= 0 || r.GRPCStatus > rpcLastCode {
		return rpcUnknown, r.GRPCMessage
	}
	return r.GRPCStatus, r.GRPCMessage
}

// flatListens says that a server listens, and for what.
//
//go:linkname flatListens
func flatListens(address net.Addr, protocol string, methods []string) {
	defer flatFault("grpc")
	serves(server{address: address, protocol: protocol, methods: methods})
}

// flatLeaves says that a server is about to stop; it returns when callers know.
//
//go:linkname flatLeaves
func flatLeaves(address net.Addr) {
	defer flatFault("grpc")
	if address != nil {
		Leaving([]net.Addr{address})
	}
}

// flatStops says that a server has stopped.
//
//go:linkname flatStops
func flatStops(address net.Addr) {
	defer flatFault("grpc")
	if address != nil {
		stops(address)
	}
}

// flatName returns the app that a connection's target may mean, "" for none.
//
//go:linkname flatName
func flatName(target string) string { return rpcName(target) }

// flatDepart is Depart for a call of gRPC. A code says that a rule turns it away; nil that it is sent
// as it is.
//
//go:linkname flatDepart
func flatDepart(ctx context.Context, name, method string, header map[string][]string, message any, again bool) (
	call any, code int, text string) {
	defer flatFault("grpc")
	out := &Outbound{GRPC: true, Method: "POST", Scheme: "http", Host: name, Path: method, Header: header,
		Again: again, Message: message}
	c, rejection := Depart(ctx, out)
	if rejection != nil {
		code, text = rejection.rpc()
		return nil, code, text
	}
	if c == nil {
		return nil, 0, ""
	}
	return c, 0, ""
}

// flatNext is Next for a call of gRPC: where its next attempt goes ("" as the application made it),
// with what metadata (nil for that of the application), until when, in nanoseconds of Unix, and how
// long a connection may take, 0 for no end and for the hook's own time. A code is an answer in its
// place: of a rule where there is more, or that nobody is there.
//
//go:linkname flatNext
func flatNext(call any, header map[string][]string) (address string, sent map[string][]string,
	deadline, connect int64, more bool, code int, text string) {
	defer flatFault("grpc")
	c, ok := call.(*Call)
	if !ok {
		return "", nil, 0, 0, false, 0, ""
	}
	t, more, err := c.Next()
	switch {
	case err != nil:
		code, text = rpcOf(err)
		return "", nil, 0, 0, false, code, text
	case !more:
		return "", nil, 0, 0, false, 0, ""
	case t.Answer != nil:
		code, text = t.Answer.rpc()
		return "", nil, 0, 0, true, code, text
	}
	return t.Address, t.metadata(header), t.Deadline, t.Connect, true, 0, ""
}

// rpcOf returns code and text of an error that stands for a call that was not sent.
func rpcOf(err error) (int, string) {
	if rejection, ok := err.(*Rejection); ok {
		return rejection.rpc()
	}
	if late, ok := err.(interface{ Timeout() bool }); ok && late.Timeout() {
		return rpcDeadlineExceeded, err.Error()
	}
	return rpcUnavailable, err.Error()
}

// metadata returns what an attempt carries, nil where that is what the application gave.
func (t *Target) metadata(header map[string][]string) map[string][]string {
	if len(t.Set) == 0 && len(t.Add) == 0 && len(t.Remove) == 0 {
		return nil
	}
	sent := make(map[string][]string, len(header)+len(t.Set))
	for key, values := range header {
		sent[key] = values
	}
	for _, key := range t.Remove {
		delete(sent, strings.ToLower(key))
	}
	for _, pair := range t.Set {
		sent[strings.ToLower(pair[0])] = []string{pair[1]}
	}
	for _, pair := range t.Add {
		key := strings.ToLower(pair[0])
		sent[key] = append(append([]string{}, sent[key]...), pair[1])
	}
	return sent
}

// flatEnded is Ended for an attempt of gRPC.
//
//go:linkname flatEnded
func flatEnded(call any, code, fault int) {
	defer flatFault("grpc")
	if c, ok := call.(*Call); ok {
		c.Ended(0, code, Fault(fault))
	}
}

// flatClose is Close.
//
//go:linkname flatClose
func flatClose(call any) {
	defer flatFault("grpc")
	if c, ok := call.(*Call); ok {
		c.Close()
	}
}

// flatUnconnected says that an instance accepts no connection.
//
//go:linkname flatUnconnected
func flatUnconnected(call any, address string) string {
	c, ok := call.(*Call)
	if !ok || c == nil {
		return "fairlead: " + address + " accepts no connection"
	}
	lane := c.lane
	if lane == "" {
		lane = "base"
	}
	return "fairlead: app '" + strings.ToLower(c.out.Host) + "' for lane '" + lane + "': " + address +
		" accepts no connection"
}

// flatAnew has a call that was sent to nobody try again to find somebody: its caller waits for that.
// What it has entered it has entered.
//
//go:linkname flatAnew
func flatAnew(call any) {
	defer flatFault("grpc")
	if c, ok := call.(*Call); ok {
		c.anew()
	}
}

// flatKnown tells whether a name is an app's that serves gRPC.
//
//go:linkname flatKnown
func flatKnown(name string) bool {
	defer flatFault("grpc")
	return name != "" && ready().services.hasRPC(name)
}
