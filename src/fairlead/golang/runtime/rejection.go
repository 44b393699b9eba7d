package fairlead

// Rejection is what a call is answered that a rule does not let begin, complete but for what the
// server or the library adds (fairlead.flow.refusal).
type Rejection struct {
	Status      int
	Header      [][2]string
	Body        string
	GRPCStatus  int
	GRPCMessage string
	Rule        string // Kind/name
	Resource    string
	Answers     bool   // whether the rule's author wrote a response: a client gets it, and an error else
	Reason      string // rate, queue, concurrency, breaker, hot, authority, overload

	why  refusal
	next *Rejection // of another rule that only simulates
}

// Error says it to code that called somebody and was turned away.
func (r *Rejection) Error() string {
	return "fairlead: " + r.Resource + " is turned away by " + r.Rule + " (" + r.Reason + ")"
}
