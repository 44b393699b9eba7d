package fairlead

import "context"

// Outbound is what the hook of a client knows of a call. It does not escape.
type Outbound struct {
	GRPC     bool
	Method   string
	Scheme   string
	Host     string // authority, as the application wrote it
	Path     string // of gRPC /package.Service/Method
	RawQuery string
	Header   map[string][]string // as with Inbound; only read
	Again    bool                // whether what is sent can be sent twice: there is no body, or GetBody
}

// Call is one call to somebody, of however many attempts. The hook asks Next for somewhere to send
// it to and tells Ended what came of it, until Next says that there is nowhere else.
type Call struct {
	request *Request
	entry   entry
	meter   *meter
}

// Target is where one attempt goes.
type Target struct {
	Address  string      // host:port of an instance; "" where the host is nobody we know: sent as it is
	Host     string      // authority to send, "" as the application wrote it
	Path     string      // path and query to send, "" as the application wrote them
	Set      [][2]string // headers to set
	Add      [][2]string // headers to add
	Remove   []string    // headers to take away
	Deadline int64       // unix nanoseconds when this attempt is given up, 0 for never
	Connect  int64       // nanoseconds that a connection may take, 0 for the client's own time
	Answer   *Rejection  // a rule answers in the place of the app: nothing is to be sent
	Copies   []string    // host:port of instances that are sent a copy each, whose answer nobody waits for
}

// Fault is how much of a failed attempt the other side can have seen (fairlead.flow.call.Fault).
type Fault int

const (
	NoFault Fault = iota
	Refused       // no connection: nothing was sent
	Dropped       // a pooled connection died before a byte came back
	Reset         // it broke after something was sent
	Timeout       // nobody answered in time
	Other
)

// Depart begins a call for the work of ctx, or says that a rule turns it away. It returns nil, nil
// where there is nothing to do for it: it is sent as it is.
func Depart(ctx context.Context, out *Outbound) (*Call, *Rejection) { return nil, nil }

// Next returns where to send the next attempt, and waits before it where a rule says so. After an
// attempt it is false where that one's answer, or error, is the caller's, and true where another one
// is to be made: the answer that came is then to be closed unread. An error goes to the caller in the
// place of what the hook has: a known app has no live instance, or a rule's time is over, which errors
// of this package say by Timeout() bool.
//
// The host of a copy is Host with "-shadow" before its port (Envoy). Only bodies that can be sent
// twice are copied.
func (c *Call) Next() (t Target, more bool, err error) { return Target{}, false, nil }

// Ended tells what came of an attempt: status of HTTP, code of gRPC or -1.
func (c *Call) Ended(status, grpc int, f Fault) {}

// Arrived changes the headers of an answer that is the caller's in place, where a route says so; of
// HTTP only, with canonical names.
func (c *Call) Arrived(header map[string][]string) {}

// Close ends the call, once its answer is there or nobody waits for one.
func (c *Call) Close() {}
