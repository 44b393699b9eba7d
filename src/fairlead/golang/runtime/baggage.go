package fairlead

import "strings"

// The W3C baggage header, as far as one label needs it: take ours out, put ours in. Members of other
// writers pass through as they are (fairlead.flow.baggage).

// Limits of the recommendation (W3C Baggage, 3.3.2).
const (
	mostBaggageBytes   = 8192
	mostBaggageMembers = 180
)

// splitBaggage separates the members whose key, in lower case, is one of keys from the rest. It calls
// ours with each key and its decoded value, in order, and returns the header without them.
func splitBaggage(header string, keys map[string]bool, ours func(key, value string)) string {
	var theirs []string
	for _, member := range strings.Split(header, ",") {
		key, rest, separated := strings.Cut(member, "=")
		name := lowerText(trimSpace(key))
		if keys[name] {
			if separated {
				value, _, _ := strings.Cut(rest, ";")
				ours(name, unquoted(trimSpace(value)))
			}
		} else if trimSpace(member) != "" {
			theirs = append(theirs, member)
		}
	}
	return trimSpace(strings.Join(theirs, ","))
}

// joinBaggage returns a header with our member first, and as many of theirs as the limits allow.
func joinBaggage(key, value, theirs string) string {
	ours := key + "=" + quoted(value)
	if theirs == "" {
		return ours
	}
	members := strings.Split(theirs, ",")
	if len(members) > mostBaggageMembers-1 {
		members = members[:mostBaggageMembers-1]
	}
	for {
		header := ours
		if len(members) > 0 {
			header += "," + strings.Join(members, ",")
		}
		if len(header) <= mostBaggageBytes || len(members) == 0 {
			return header
		}
		members = members[:len(members)-1]
	}
}

const hexDigits = "0123456789ABCDEF"

// quoted writes text with everything percent-encoded that is not unreserved.
func quoted(text string) string {
	var found []byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '_' || c == '.' || c == '-' || c == '~'
		switch {
		case plain && found != nil:
			found = append(found, c)
		case !plain:
			if found == nil {
				found = append(make([]byte, 0, len(text)+8), text[:i]...)
			}
			found = append(found, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	if found == nil {
		return text
	}
	return string(found)
}

// unquoted decodes percent-encoded bytes; what is no such pair of digits stays, and bytes that are no
// UTF-8 become U+FFFD.
func unquoted(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	found := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			high, low := hexDigit(text[i+1]), hexDigit(text[i+2])
			if high >= 0 && low >= 0 {
				found = append(found, byte(high<<4|low))
				i += 2
				continue
			}
		}
		found = append(found, text[i])
	}
	return strings.ToValidUTF8(string(found), "\uFFFD")
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// trimSpace is strings.TrimSpace, which takes away what Python's strip does, and four separators.
func trimSpace(text string) string {
	if text == "" {
		return ""
	}
	return strings.Trim(strings.TrimSpace(text), " \t\n\r\v\f\x1c\x1d\x1e\x1f")
}

// lowerText is strings.ToLower without a look at each letter's language where it has none.
func lowerText(text string) string {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c >= 'A' && c <= 'Z' || c >= 0x80 {
			return strings.ToLower(text)
		}
	}
	return text
}
