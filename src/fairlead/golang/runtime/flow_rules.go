package fairlead

import (
	"net/textproto"
	"strings"
)

// Rules about the flow of calls as they come by the wire (fairlead.policy: rule, limit, breaker,
// fallback, flow_rules). Where a field is missing it is what Python has it.

// rule is what every rule says: which resource, whose calls, and what if not.
type rule struct {
	Rule      string    `json:"rule,required"` // Kind/name
	Strategy  string    `json:"strategy,required"`
	Resource  string    `json:"resource,required"`
	Regex     bool      `json:"regex"`
	Mode      string    `json:"mode"`
	Fallback  fallback  `json:"fallback"`
	Selection selection `json:"selection"`
}

const (
	modeEnforce  = "on"
	modeSimulate = "simulate"
)

func (r *rule) simulated() bool { return r.Mode == modeSimulate }

// fallback is what a rejected call is answered (fairlead.policy.fallback.Fallback).
type fallback struct {
	Status      int         `json:"status"`
	Headers     [][2]string `json:"headers"`
	Body        *string     `json:"body"`
	Queue       bool        `json:"queue"`
	Value       *string     `json:"value"`
	GRPCStatus  int         `json:"grpc_status"`
	GRPCMessage *string     `json:"grpc_message"`
}

func usualFallback() fallback {
	return fallback{Status: 429, Headers: [][2]string{{"Retry-After", "1"}}, GRPCStatus: 8}
}

func (f *fallback) usual() { *f = usualFallback() }

// selection is whose calls a rule counts and judges; the zero selection is everybody's, together.
type selection struct {
	Callers  []string `json:"callers"`
	Others   bool     `json:"others"`
	Each     bool     `json:"each"`
	Entrance string   `json:"entrance"`
}

func (s *selection) everybody() bool {
	return len(s.Callers) == 0 && !s.Others && !s.Each && s.Entrance == ""
}

func (s *selection) asksCaller() bool { return len(s.Callers) > 0 || s.Others || s.Each }

// selects tells whether a rule is about a call of somebody, in a request that entered by `within`.
func (s *selection) selects(caller string, within [2]string) bool {
	if s.Entrance != "" && s.Entrance != within[0] && s.Entrance != within[1] {
		return false
	}
	if s.Others {
		return caller != "" && !isOneOf(s.Callers, caller)
	}
	return len(s.Callers) == 0 || isOneOf(s.Callers, caller)
}

func isOneOf(texts []string, text string) bool {
	for _, one := range texts {
		if one == text {
			return true
		}
	}
	return false
}

type windowRule struct {
	Threshold float64 `json:"threshold,required"`
	WindowMs  int64   `json:"window_ms,required"`
	Buckets   int64   `json:"buckets"` // 0: sliding, and never over
}

type warmUpRule struct {
	PeriodMs   int64   `json:"period_ms,required"`
	ColdFactor float64 `json:"cold_factor"`
}

func (w *warmUpRule) usual() { w.ColdFactor = 3 }

type memoryRule struct {
	LowThreshold  float64 `json:"low_threshold,required"`
	HighThreshold float64 `json:"high_threshold,required"`
	LowBytes      int64   `json:"low_bytes,required"`
	HighBytes     int64   `json:"high_bytes,required"`
}

type rateRule struct {
	rule
	Windows  []windowRule `json:"windows,required"`
	Related  string       `json:"related"`
	WarmUp   *warmUpRule  `json:"warm_up"`
	Memory   *memoryRule  `json:"memory"`
	BorrowMs int64        `json:"borrow_ms"`
}

type throttleRule struct {
	rule
	Threshold float64     `json:"threshold,required"`
	WindowMs  int64       `json:"window_ms,required"`
	QueueMs   int64       `json:"queue_ms,required"`
	Burst     float64     `json:"burst"`
	WarmUp    *warmUpRule `json:"warm_up"`
}

type capRule struct {
	rule
	Most int64 `json:"most,required"`
}

// What a hotRule does with the calls of one value.
const (
	hotReject   = "reject"
	hotPace     = "pace"
	hotInFlight = "concurrency"
)

type hotRule struct {
	rule
	Param      param     `json:"param,required"`
	Behaviour  string    `json:"behaviour"`
	Threshold  float64   `json:"threshold,required"`
	Burst      float64   `json:"burst"`
	WindowMs   int64     `json:"window_ms"`
	QueueMs    int64     `json:"queue_ms"`
	Items      []hotItem `json:"items"`
	Elements   bool      `json:"elements"`
	MostValues int64     `json:"most_values"`
}

// hotItem is a value with a threshold of its own.
type hotItem struct {
	value string
	most  float64
}

// spell makes a param ready to be asked for.
func (p *param) spell() {
	p.lower = strings.ToLower(p.Name)
	p.canonical = textproto.CanonicalMIMEHeaderKey(p.lower)
}

type authorityRule struct {
	rule
	Names []string `json:"names,required"`
	Allow bool     `json:"allow,required"`
}

// What a breakerRule counts.
const (
	slowRatio  = "slow-ratio"
	errorRatio = "error-ratio"
	errorCount = "error-count"
)

type breakerRule struct {
	rule
	Kind        string   `json:"strategy_kind,required"`
	Threshold   float64  `json:"threshold,required"`
	Inclusive   bool     `json:"inclusive"`
	SlowMs      float64  `json:"slow_ms"`
	Errors      []string `json:"errors"`
	WindowMs    int64    `json:"window_ms"`
	Buckets     int64    `json:"buckets"`
	MinRequests int64    `json:"min_requests"`
	RecoveryMs  int64    `json:"recovery_ms,required"`
	Probes      int64    `json:"probes"`
	Steps       int64    `json:"steps"`
	LeaseMs     int64    `json:"lease_ms"`
}

func (r *rule) usual() { r.Mode, r.Fallback = modeEnforce, usualFallback() }

func (t *throttleRule) usual() { t.rule.usual(); t.Burst = 1 }

func (h *hotRule) usual() {
	h.rule.usual()
	h.Behaviour, h.WindowMs, h.Elements = hotReject, 1000, true
}

func (b *breakerRule) usual() {
	b.rule.usual()
	b.Inclusive, b.WindowMs, b.Buckets, b.MinRequests = true, 1000, 10, 5
	b.Probes, b.Steps = 1, 1
}

// flowRules are all rules about the flow of calls, in the order in which a call meets them.
type flowRules struct {
	Authorities []authorityRule `json:"authorities"`
	Hots        []hotRule       `json:"hot_limits"`
	Rates       []rateRule      `json:"rate_limits"`
	Throttles   []throttleRule  `json:"throttles"`
	Caps        []capRule       `json:"concurrency_limits"`
	Breakers    []breakerRule   `json:"breakers"`
}
