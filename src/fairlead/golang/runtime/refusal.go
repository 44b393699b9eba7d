package fairlead

import (
	"math"
	"strconv"
	"strings"
)

// Why a call may not begin (fairlead.flow.refusal).
const (
	reasonRate        = "rate"
	reasonQueue       = "queue"
	reasonConcurrency = "concurrency"
	reasonBreaker     = "breaker"
	reasonHot         = "hot"
	reasonAuthority   = "authority"
	reasonOverload    = "overload"
)

var saidOf = map[string]string{
	reasonRate:        "rate limited",
	reasonQueue:       "rate limited",
	reasonHot:         "rate limited",
	reasonConcurrency: "overloaded",
	reasonBreaker:     "circuit open",
	reasonAuthority:   "not allowed",
	reasonOverload:    "too busy",
}

// refusal is one call that a rule does not let begin.
type refusal struct {
	rule   *rule
	reason string
	after  int64 // nanoseconds until there may be room, 0 where nobody can tell
}

// answer is what the call is answered.
func (f refusal) answer(resource string) *Rejection {
	back := &f.rule.Fallback
	r := &Rejection{
		Status: back.Status, Header: back.Headers, GRPCStatus: back.GRPCStatus,
		Rule: f.rule.Rule, Resource: resource, Reason: f.reason,
		Answers: back.Body != nil || back.Status != usualStatus, why: f,
	}
	r.Body = saidOf[f.reason] + ": " + resource
	if back.Body != nil {
		r.Body = *back.Body
	}
	if back.Queue {
		f.queue(r, back)
	}
	r.GRPCMessage = r.Body
	if back.GRPCMessage != nil {
		r.GRPCMessage = *back.GRPCMessage
	}
	return r
}

// usualStatus is what a rejected call gets without a fallback action (contract 23).
const usualStatus = 429

// queue says when there may be room, in whole seconds.
func (f refusal) queue(r *Rejection, back *fallback) {
	seconds := strconv.Itoa(int(max(1, math.Ceil(float64(f.after)/float64(second)))))
	if back.Body != nil {
		r.Body = strings.ReplaceAll(*back.Body, "{retryAfter}", seconds)
	}
	r.Header = make([][2]string, 0, len(back.Headers)+1)
	for _, one := range back.Headers {
		if !strings.EqualFold(one[0], "Retry-After") {
			r.Header = append(r.Header, one)
		}
	}
	r.Header = append(r.Header, [2]string{"Retry-After", seconds})
}
