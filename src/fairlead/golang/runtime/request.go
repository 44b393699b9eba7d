package fairlead

import "context"

// Inbound is what the hook of a server knows of a request when it comes in. It does not escape.
type Inbound struct {
	GRPC     bool
	Method   string // of HTTP
	Scheme   string
	Host     string
	Path     string // decoded; of gRPC /package.Service/Method
	RawQuery string
	Remote   string              // address of the peer, host:port
	Header   map[string][]string // canonical names as net/http has them, lower case for gRPC
}

// Request is one request that is served, from its first line to its last. It is a context, the one
// allocation that a request costs, and may be read by every goroutine that works for it.
type Request struct {
	context.Context
	lane     string
	template string
	previous *Request
	meter    *meter
	entry    entry
}

type requestKey struct{}

// Value returns the request itself to those who look for it.
func (r *Request) Value(key any) any {
	if _, ours := key.(requestKey); ours {
		return r
	}
	return r.Context.Value(key)
}

// Begin puts a request on its lane, asks the rules, and makes it the request of this goroutine. The
// request is to be ended also where it is rejected.
func Begin(parent context.Context, in *Inbound) (*Request, *Rejection) {
	r := &Request{Context: parent, lane: current().lanes.own, previous: getLocal()}
	setLocal(r)
	return r, nil
}

// Route names the route that a request has come to, as its framework writes it, and asks the rules
// that are about it. What was asked before is not asked again.
func (r *Request) Route(template string) *Rejection { return nil }

// End gives back what the request holds. status is of HTTP, grpc a code or -1; failed says that it
// ended in a panic.
func (r *Request) End(status, grpc int, failed bool) { setLocal(r.previous) }

// Serving returns the request that ctx, or failing that this goroutine, works for; nil for none.
func Serving(ctx context.Context) *Request {
	if ctx != nil {
		if r, ok := ctx.Value(requestKey{}).(*Request); ok {
			return r
		}
	}
	return getLocal()
}

// Lane returns the lane of the work that is done here, "" for base: of its request, or the process's
// own where there is none (contract 8).
func Lane(ctx context.Context) string {
	if r := Serving(ctx); r != nil {
		return r.lane
	}
	return current().lanes.own
}
