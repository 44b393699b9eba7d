package fairlead

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"net"
	"strings"
	"unicode/utf8"
)

// Conditions on a request (fairlead.policy.match): what a condition says, and a function that answers
// it. Compiling one can fail, as a snapshot is a stranger's bytes, and then says which.

// subjectLimit is how many characters a regular expression is shown; a longer subject matches none.
const subjectLimit = 1024

// view is what conditions ask a request for. It reads headers as Python does: a byte is a character.
type view struct{ *Request }

func (v view) header(name headerName) (string, bool) {
	values := v.in.Header[name.spelt(v.in.GRPC)]
	switch len(values) {
	case 0:
		return "", false
	case 1:
		return latin(values[0]), true
	}
	separator := ","
	if name.lower == "cookie" && !v.in.GRPC {
		separator = ";"
	}
	return latin(strings.Join(values, separator)), true
}

func (v view) query(name string) (string, bool) { return queryValue(v.in.RawQuery, name) }

func (v view) cookie(name string) (string, bool) {
	text, _ := v.header(cookieHeader)
	return cookieValue(text, name)
}

func (v view) method() (string, bool) {
	if v.in.GRPC {
		return "POST", true
	}
	if v.in.Method == "" {
		return "GET", true
	}
	return strings.ToUpper(v.in.Method), true
}

func (v view) peer() (string, bool) {
	if v.in.Remote == "" {
		return "", false
	}
	host, _, err := net.SplitHostPort(v.in.Remote)
	if err != nil {
		return "", false
	}
	return host, true
}

// subject finds a part of a request, if it has it; predicate answers a condition, throwing dice where
// there is nothing to hash.
type (
	subject   func(v view) (string, bool)
	predicate func(v view, dice func() float64) bool
)

// compileConditions returns what is true where every condition is.
func compileConditions(all []conditionRule) (predicate, error) {
	var tests []predicate
	for i := range all {
		test, err := compileCondition(&all[i])
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	if len(tests) == 1 {
		return tests[0], nil
	}
	return func(v view, dice func() float64) bool {
		for _, test := range tests {
			if !test(v, dice) {
				return false
			}
		}
		return true
	}, nil
}

func compileCondition(c *conditionRule) (predicate, error) {
	of, err := subjectOf(c)
	if err != nil {
		return nil, err
	}
	switch c.Operator {
	case "exists":
		return func(v view, _ func() float64) bool { _, there := of(v); return there }, nil
	case "percentage":
		return percentageOf(of, c)
	case "!=", "not-in":
		excluded := setOf(c.Values)
		return func(v view, _ func() float64) bool {
			text, there := of(v)
			return !there || !excluded[text]
		}, nil
	}
	test, err := textTest(c.Operator, c.Values)
	if err != nil {
		return nil, err
	}
	return func(v view, _ func() float64) bool {
		text, there := of(v)
		return there && test(text)
	}, nil
}

func subjectOf(c *conditionRule) (subject, error) {
	key := c.Key
	switch c.Source {
	case "header":
		name := headerNamed(strings.ToLower(key))
		return func(v view) (string, bool) { return v.header(name) }, nil
	case "query":
		return func(v view) (string, bool) { return v.query(key) }, nil
	case "cookie":
		return func(v view) (string, bool) { return v.cookie(key) }, nil
	case "path":
		return func(v view) (string, bool) { return strings.ToValidUTF8(v.in.Path, "\uFFFD"), true }, nil
	case "method":
		return view.method, nil
	case "source-ip":
		return view.peer, nil
	case "trace":
		return func(v view) (string, bool) { return traceID(v.header) }, nil
	}
	return nil, fmt.Errorf("unknown source %s", pythonText(c.Source))
}

func textTest(operator string, values []string) (func(string) bool, error) {
	switch operator {
	case "in":
		wanted := setOf(values)
		return func(text string) bool { return wanted[text] }, nil
	case "range":
		return rangeTest(values)
	case "==", "prefix", "regex":
	default:
		return nil, fmt.Errorf("unknown operator %s", pythonText(operator))
	}
	if len(values) != 1 {
		return nil, fmt.Errorf("%s takes one value, got %d", operator, len(values))
	}
	wanted := values[0]
	switch operator {
	case "==":
		return func(text string) bool { return text == wanted }, nil
	case "prefix":
		return func(text string) bool { return strings.HasPrefix(text, wanted) }, nil
	}
	return pythonRegex(wanted)
}

func rangeTest(values []string) (func(string) bool, error) {
	if len(values) == 2 {
		low, high := decimalOf(values[0]), decimalOf(values[1])
		if low != nil && high != nil {
			return func(text string) bool {
				number := decimalOf(text)
				return number != nil && low.Cmp(number) <= 0 && number.Cmp(high) <= 0
			}, nil
		}
	}
	return nil, fmt.Errorf("range takes two numbers, got %q", values)
}

// decimalOf returns the number that a text is, of up to 40 digits on either side of the point.
func decimalOf(text string) *big.Rat {
	digits := text
	if strings.HasPrefix(digits, "+") || strings.HasPrefix(digits, "-") {
		digits = digits[1:]
	}
	whole, part, point := strings.Cut(digits, ".")
	if !isDigits(whole, 40) || point && !isDigits(part, 40) {
		return nil
	}
	number, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return number
}

func isDigits(text string, most int) bool {
	if text == "" || len(text) > most {
		return false
	}
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// hashPlace is a text's place in [0, 2^64), alike in every process and language (ADR 3).
func hashPlace(salt, text string) uint64 {
	sum := sha256.Sum256([]byte(salt + "\x00" + text))
	return binary.BigEndian.Uint64(sum[:8])
}

func percentageOf(of subject, c *conditionRule) (predicate, error) {
	if len(c.Values) != 1 {
		return nil, fmt.Errorf("percentage takes one value, got %d", len(c.Values))
	}
	share := decimalOf(c.Values[0])
	if share == nil || share.Sign() < 0 || share.Cmp(big.NewRat(100, 1)) > 0 {
		return nil, fmt.Errorf("percentage takes a number from 0 to 100, got %s", pythonText(c.Values[0]))
	}
	limit, all := shareOf(share)
	chance, _ := new(big.Rat).Quo(share, big.NewRat(100, 1)).Float64()
	// Without a key every request is its own draw; with one, a request that lacks it is not counted in.
	unkeyed, salt := c.Source == "trace", c.Salt
	return func(v view, dice func() float64) bool {
		text, there := of(v)
		if !there {
			return unkeyed && dice() < chance
		}
		return all || hashPlace(salt, text) < limit
	}, nil
}

// shareOf returns the first place that is not in a share, given in percent, or that all are.
func shareOf(share *big.Rat) (limit uint64, all bool) {
	whole := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 64))
	places := whole.Mul(whole, new(big.Rat).Quo(share, big.NewRat(100, 1)))
	floor := new(big.Int).Quo(places.Num(), places.Denom())
	if !floor.IsUint64() {
		return 0, true
	}
	return floor.Uint64(), false
}

func setOf(values []string) map[string]bool {
	found := make(map[string]bool, len(values))
	for _, one := range values {
		found[one] = true
	}
	return found
}

// latin reads bytes as the characters of those numbers, as servers in Python read headers.
func latin(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			found := append(make([]byte, 0, len(text)+8), text[:i]...)
			for ; i < len(text); i++ {
				found = utf8.AppendRune(found, rune(text[i]))
			}
			return string(found)
		}
	}
	return text
}

// pythonText quotes as Python's repr does, so that both agents refuse in the same words.
func pythonText(text string) string {
	if strings.ContainsRune(text, '\'') || strings.ContainsRune(text, '\\') {
		return fmt.Sprintf("%q", text)
	}
	return "'" + text + "'"
}
