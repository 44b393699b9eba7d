package fairlead

import (
	"encoding/base64"
	"net/textproto"
	"strings"
	"unicode/utf8"
)

// Parts of a request that conditions name, read from the text it came with (fairlead.policy.parts).
// Everything in it is a stranger's: nothing is searched further than a bound.

// headerName is a header's name, in lower case and as net/http writes it.
type headerName struct{ lower, canonical string }

func headerNamed(lower string) headerName {
	return headerName{lower, textproto.CanonicalMIMEHeaderKey(lower)}
}

// spelt returns the name as it is in a map of headers.
func (n headerName) spelt(grpc bool) string {
	if grpc {
		return n.lower
	}
	return n.canonical
}

var (
	cookieHeader  = headerNamed("cookie")
	baggageHeader = headerNamed("baggage")
	callerHeader  = headerNamed("fairlead-caller")
	parentHeader  = headerNamed(traceParent)
	stateHeader   = headerNamed(traceState)
	traceHeaders  = []headerName{
		parentHeader, headerNamed("b3"), headerNamed("x-b3-traceid"), headerNamed("sw8"), headerNamed("eagleeye-traceid"),
	}
)

const (
	mostFields    = 1000
	longestIDText = 256
)

// fieldsOf calls each with the fields of a query string or a cookie header, until it returns false.
func fieldsOf(text string, separator byte, each func(key, value string) bool) {
	for i := 0; i < mostFields; i++ {
		field, more := text, false
		if at := strings.IndexByte(text, separator); at >= 0 {
			field, text, more = text[:at], text[at+1:], true
		}
		key, value, _ := strings.Cut(field, "=")
		if !each(key, value) || !more {
			return
		}
	}
}

// queryValue returns the first value of a parameter, decoded.
func queryValue(text, name string) (found string, there bool) {
	if text == "" {
		return "", false
	}
	fieldsOf(text, '&', func(key, value string) bool {
		if unquotedPlus(key) == name {
			found, there = unquotedPlus(value), true
		}
		return !there
	})
	return found, there
}

// queryValues returns every value of a parameter, decoded, each once.
func queryValues(text, name string) (found []string) {
	fieldsOf(text, '&', func(key, value string) bool {
		if unquotedPlus(key) == name {
			found = appendOnce(found, unquotedPlus(value))
		}
		return true
	})
	return found
}

// cookieValue returns the first value of a cookie in the value of a header.
func cookieValue(text, name string) (found string, there bool) {
	if text == "" {
		return "", false
	}
	fieldsOf(text, ';', func(key, value string) bool {
		if trimSpace(key) == name {
			found, there = bareValue(value), true
		}
		return !there
	})
	return found, there
}

// cookieValues returns every value of a cookie, each once.
func cookieValues(text, name string) (found []string) {
	fieldsOf(text, ';', func(key, value string) bool {
		if trimSpace(key) == name {
			found = appendOnce(found, bareValue(value))
		}
		return true
	})
	return found
}

func bareValue(value string) string {
	value = trimSpace(value)
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}

func unquotedPlus(text string) string {
	return unquoted(strings.ReplaceAll(text, "+", " "))
}

func appendOnce(to []string, text string) []string {
	for _, one := range to {
		if one == text {
			return to
		}
	}
	return append(to, text)
}

// traceID returns the id of the trace, from the first of traceHeaders that has one.
func traceID(header func(headerName) (string, bool)) (string, bool) {
	if parent, _ := header(traceHeaders[0]); parent != "" {
		parts := strings.SplitN(parent, "-", 4)
		if len(parts) == 4 && utf8.RuneCountInString(parts[1]) == 32 {
			return parts[1], true
		}
	}
	if single, _ := header(traceHeaders[1]); strings.Contains(single, "-") {
		id, _, _ := strings.Cut(single, "-")
		return id, true
	}
	if id, _ := header(traceHeaders[2]); id != "" {
		return id, true
	}
	if id := skywalkingID(header); id != "" {
		return id, true
	}
	id, there := header(traceHeaders[4])
	return id, there && id != "" && utf8.RuneCountInString(id) <= longestIDText
}

func skywalkingID(header func(headerName) (string, bool)) string {
	text, _ := header(traceHeaders[3])
	fields := strings.SplitN(text, "-", 3)
	if len(fields) < 3 || len(fields[1]) > longestIDText {
		return ""
	}
	id, err := base64.StdEncoding.Strict().DecodeString(fields[1])
	if err != nil || !utf8.Valid(id) || strings.ContainsAny(fields[1], "\r\n") {
		return ""
	}
	return string(id)
}
