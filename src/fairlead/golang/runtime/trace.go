package fairlead

import "strings"

// W3C trace context, level 1, as text that strangers may have written (fairlead.policy.trace).

const (
	traceParent = "traceparent"
	traceState  = "tracestate"

	longestTraceState = 512
	longestTraceTail  = 201
)

// readTrace returns what may be passed on, "" where the headers say nothing that counts. A version
// that is not known is passed on as it is, if it begins like this one.
func readTrace(parent, state string) (string, string) {
	if len(parent) < 55 || len(parent) > 55+longestTraceTail {
		return "", ""
	}
	if parent[2] != '-' || parent[35] != '-' || parent[52] != '-' {
		return "", ""
	}
	version, id, span := parent[:2], parent[3:35], parent[36:52]
	if !isHex(version) || !isHex(id) || !isHex(span) || !isHex(parent[53:55]) || version == "ff" {
		return "", ""
	}
	if tail := parent[55:]; tail != "" && (version == "00" || len(tail) < 2 || tail[0] != '-' || !isVisible(tail)) {
		return "", ""
	}
	if strings.Trim(id, "0") == "" || strings.Trim(span, "0") == "" {
		return "", ""
	}
	return parent, shortState(state)
}

func shortState(state string) string {
	for i := 0; i < len(state); i++ {
		if state[i] < ' ' || state[i] > '~' {
			return ""
		}
	}
	if len(state) > longestTraceState {
		state = state[:longestTraceState+1]
		state = state[:max(0, strings.LastIndexByte(state, ','))]
	}
	return trimSpace(state)
}

func isHex(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

func isVisible(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < '!' || text[i] > '~' {
			return false
		}
	}
	return true
}
