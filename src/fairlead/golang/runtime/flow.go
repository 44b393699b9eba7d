package fairlead

// facts is one call as far as rules tell calls apart; asked only by rules that need an answer
// (fairlead.flow.facts).
type facts interface {
	caller() string   // app that calls, "" where nobody has said
	entrance() string // resource of the inbound call it is part of

	// value returns a part of the call, as the text of the only value or as several of them; false
	// where it has none. It is asked on each request: an answer in text allocates nothing.
	value(p *param) (one string, several []string, known bool)
}

// param is a part of a call that a rule tells values of (fairlead.policy.limit.Param).
type param struct {
	Source  string `json:"source"` // header, query, cookie, path, client-ip, host, grpc, sql, argument, constant
	Name    string `json:"name"`
	Match   string `json:"match"`
	Pattern string `json:"pattern"`

	lower, canonical string // Name of a header as gRPC and as net/http spell it
}

// entry is what one call holds while it is under way. It is a part of its request or call: nothing
// is allocated for it. The zero entry holds nothing.
type entry struct {
	at    int64      // when the call came, by clock, where somebody has read it already
	would *Rejection // what a rule that only simulates would have answered; for the meter
}

// exit gives back what is held and tells rules how the call ended. An entry ends once.
func (e *entry) exit(o outcome) {}

// outcome is how a call ended.
type outcome struct {
	status  int    // of HTTP, 0 where there is none
	grpc    int    // code, -1 where it is no call of gRPC
	fault   string // "connect", "timeout", or the type of an error; "" for none
	failed  bool   // whether it failed whatever the status says: a panic, an error of a function
	elapsed int64  // nanoseconds
	at      int64  // when it ended, by clock, where somebody has read it already
}

// gate is what every call of one resource passes.
type gate struct{ resource string }

// enter lets a call begin or says why not. A rule that paces sleeps here, in the goroutine of the
// call, and less than a caller waits: done is that caller's. A nil gate lets everything pass.
func (g *gate) enter(f facts, done <-chan struct{}, e *entry) *Rejection { return nil }

// ruleIndex finds the gates of calls. It is built anew for each snapshot; gates are kept.
type ruleIndex struct{}

// fitRules makes the rules of a snapshot into gates; counts of rules that stay go on.
func fitRules(s *snapshot) *ruleIndex { return &ruleIndex{} }

// rest returns what of a gate is left to ask for a call that has entered by e: all of it, unless e is
// an entry of the same resource. nil where nothing is.
func (g *gate) rest(e *entry) *gate { return g }

// literal returns the gate that a request enters before its route is known: of a rule that names its
// path letter by letter. nil where no rule does; a lookup, no allocation. method is "" for gRPC, and
// GET for HEAD.
func (x *ruleIndex) literal(method, path string) *gate { return nil }

// templated tells whether any rule names a template or a pattern: whether it is worth to know routes.
func (x *ruleIndex) templated() bool { return false }

// routed returns the gate of a route by its template as fairlead writes it, /users/{id}; of gRPC, by
// no method and /package.Service/Method. nil where no rule concerns it. Who has entered a literal one
// before enters its rest.
func (x *ruleIndex) routed(method, template string) *gate { return nil }

// guessed returns the gate of the narrowest template among the rules that a path may be, where nobody
// can say the route.
func (x *ruleIndex) guessed(method, path string) *gate { return nil }

// called returns the gate of an outbound resource: "call:APP", "call:HOST", "call:APP:/pkg.Svc/Method".
func (x *ruleIndex) called(resource string) *gate { return nil }

// protection rejects requests while the process is too busy.
type protection struct{}

func fitProtection(s *snapshot) *protection { return nil }

// admit lets a request in, before it is known what it asks for, or says why not; leave ends it.
func (p *protection) admit(path string, header map[string][]string) *Rejection { return nil }

func (p *protection) leave(elapsed int64) {}
