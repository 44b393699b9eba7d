package fairlead

import (
	"strconv"
	"strings"
)

// How a call ended, and which endings a breaker counts as errors (fairlead.flow.result).

// outcome is how a call ended.
type outcome struct {
	status  int    // of HTTP, 0 where there is none
	grpc    int    // code, -1 where it is no call of gRPC
	fault   string // one of the faults below, or the type of an error; "" for none
	failed  bool   // whether it failed whatever the status says: a panic, an error of a function
	elapsed int64  // nanoseconds
	at      int64  // when it ended, by clock, where somebody has read it already
}

const (
	faultConnect = "connect"   // nobody was reached
	faultTimeout = "timeout"   // nobody answered in time
	faultCut     = "cancelled" // its caller gave up: it is neither good nor bad
)

// known tells whether it is known how a call ended, beyond whether it failed.
func (o *outcome) known() bool { return o.status != 0 || o.grpc >= 0 || o.fault != "" }

// bad tells whether a call failed as it is usual for its protocol.
func (o *outcome) bad() bool {
	switch {
	case o.failed:
		return true
	case o.fault == faultCut:
		return false
	case o.grpc >= 0 && o.status == 0:
		return isServerFault(o.grpc)
	}
	return o.fault != "" || o.status >= 500
}

// grpcCodes are the names of gRPC's codes, each at its number (google.rpc.Code).
var grpcCodes = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
	"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// judgeOf returns what tells whether a call ended in one of errors (fairlead.policy.breaker).
func judgeOf(errors []string) func(outcome) bool {
	statuses, codes, faults := map[string]bool{}, map[int]bool{}, map[string]bool{}
	for _, text := range errors {
		if isStatusText(text) {
			statuses[strings.ToLower(text)] = true
		} else if code, ok := codeIn(text); ok {
			codes[code] = true
		} else {
			faults[text] = true
		}
	}
	return func(o outcome) bool {
		if o.fault != "" && faults[o.fault] || o.grpc >= 0 && codes[o.grpc] {
			return true
		}
		if o.status == 0 || len(statuses) == 0 {
			return false
		}
		return statuses[strconv.Itoa(o.status)] || statuses[strconv.Itoa(o.status/100)+"xx"]
	}
}

func isStatusText(text string) bool {
	if len(text) != 3 || text[0] < '0' || text[0] > '9' {
		return false
	}
	if _, err := strconv.ParseUint(text, 10, 32); err == nil {
		return true
	}
	return strings.EqualFold(text[1:], "xx")
}

// codeIn reads grpc:14 or grpc:UNAVAILABLE; -1 is a code that nobody ends in.
func codeIn(text string) (int, bool) {
	scheme, code, found := strings.Cut(text, ":")
	if !found || !strings.EqualFold(scheme, "grpc") {
		return 0, false
	}
	if number, err := strconv.Atoi(code); err == nil && code[0] != '-' && code[0] != '+' {
		return number, true
	}
	for number, name := range grpcCodes {
		if strings.EqualFold(name, code) {
			return number, true
		}
	}
	return -1, true
}
