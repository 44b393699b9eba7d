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

// fitRules makes the rules of a snapshot into gates; counts of rules that stay go on.
func fitRules(s *snapshot) *ruleIndex {
	switch s.Governance {
	case governanceOff:
		return ruled.apply(&flowRules{})
	case governanceObserve:
		return ruled.apply(s.flow.simulated())
	}
	return ruled.apply(&s.flow)
}
