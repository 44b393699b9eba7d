package fairlead

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSON as digests are taken of it. encoding/json forgets how a number was written and what half a
// surrogate pair was, and a digest is of both.

// jsonNumber is a number as it was written; jsonObject has its keys in the order of Python's texts.
type (
	jsonNumber string
	jsonObject struct {
		keys   []string
		values map[string]any
	}
)

// deepestJSON is how deep values may be in each other: a stranger's text must not end the process.
const deepestJSON = 200

var errJSON = errors.New("no JSON")

// parseJSON returns nil, bool, string, jsonNumber, []any or *jsonObject.
func parseJSON(text []byte) (any, error) {
	r := &jsonText{text: text}
	value, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at != len(text) {
		return nil, r.wrong()
	}
	return value, nil
}

type jsonText struct {
	text []byte
	at   int
}

func (r *jsonText) wrong() error { return fmt.Errorf("%w at byte %d", errJSON, r.at) }

func (r *jsonText) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// next passes over white space and tells whether c comes there, which is taken.
func (r *jsonText) next(c byte) bool {
	r.space()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *jsonText) value(deep int) (any, error) {
	r.space()
	if deep > deepestJSON || r.at == len(r.text) {
		return nil, r.wrong()
	}
	switch r.text[r.at] {
	case '{':
		return r.object(deep)
	case '[':
		return r.array(deep)
	case '"':
		return r.string()
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	}
	return r.number()
}

func (r *jsonText) word(word string) error {
	if !strings.HasPrefix(string(r.text[r.at:min(len(r.text), r.at+len(word))]), word) {
		return r.wrong()
	}
	r.at += len(word)
	return nil
}

func (r *jsonText) object(deep int) (any, error) {
	found := &jsonObject{values: map[string]any{}}
	r.at++
	if r.next('}') {
		return found, nil
	}
	for {
		if r.space(); r.at == len(r.text) || r.text[r.at] != '"' {
			return nil, r.wrong()
		}
		key, err := r.string()
		if err != nil {
			return nil, err
		}
		if !r.next(':') {
			return nil, r.wrong()
		}
		value, err := r.value(deep + 1)
		if err != nil {
			return nil, err
		}
		found.values[key] = value
		if r.next('}') {
			for key := range found.values {
				found.keys = append(found.keys, key)
			}
			// Bytes of UTF-8 are in the order of code points, which is Python's.
			sort.Strings(found.keys)
			return found, nil
		}
		if !r.next(',') {
			return nil, r.wrong()
		}
	}
}

func (r *jsonText) array(deep int) (any, error) {
	found := []any{}
	r.at++
	if r.next(']') {
		return found, nil
	}
	for {
		value, err := r.value(deep + 1)
		if err != nil {
			return nil, err
		}
		found = append(found, value)
		if r.next(']') {
			return found, nil
		}
		if !r.next(',') {
			return nil, r.wrong()
		}
	}
}

func (r *jsonText) number() (any, error) {
	start := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.eE0123456789", r.text[r.at]) >= 0 {
		r.at++
	}
	text := string(r.text[start:r.at])
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' {
		return nil, r.wrong()
	}
	if number, err := strconv.ParseFloat(text, 64); err != nil && !math.IsInf(number, 0) {
		return nil, r.wrong()
	}
	return jsonNumber(text), nil
}

func (r *jsonText) string() (string, error) {
	r.at++
	start := r.at
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return string(r.text[start : r.at-1]), nil
		case c == '\\':
			return r.escaped(append([]byte(nil), r.text[start:r.at]...))
		case c < ' ':
			return "", r.wrong()
		}
		r.at++
	}
	return "", r.wrong()
}

func (r *jsonText) escaped(found []byte) (string, error) {
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return string(found), nil
		case c < ' ':
			return "", r.wrong()
		case c != '\\':
			found = append(found, c)
		case r.at == len(r.text):
			return "", r.wrong()
		case r.text[r.at] == 'u':
			unit, err := r.unit()
			if err != nil {
				return "", err
			}
			found = appendUnit(found, r.pair(unit))
		default:
			at := strings.IndexByte(`"\/bfnrt`, r.text[r.at])
			if at < 0 {
				return "", r.wrong()
			}
			found = append(found, "\"\\/\b\f\n\r\t"[at])
			r.at++
		}
	}
	return "", r.wrong()
}

// unit reads the four digits behind \u.
func (r *jsonText) unit() (rune, error) {
	if r.at+5 > len(r.text) {
		return 0, r.wrong()
	}
	unit, err := strconv.ParseUint(string(r.text[r.at+1:r.at+5]), 16, 32)
	if err != nil {
		return 0, r.wrong()
	}
	r.at += 5
	return rune(unit), nil
}

// pair returns the character that a surrogate and the one behind it stand for, or the first alone.
func (r *jsonText) pair(unit rune) rune {
	if unit < 0xD800 || unit > 0xDBFF || r.at+6 > len(r.text) || string(r.text[r.at:r.at+2]) != `\u` {
		return unit
	}
	before := r.at
	r.at++
	low, err := r.unit()
	if err != nil || low < 0xDC00 || low > 0xDFFF {
		r.at = before
		return unit
	}
	return (unit-0xD800)<<10 + (low - 0xDC00) + 0x10000
}

// appendUnit writes half a surrogate pair as the three bytes that UTF-8 would have for it.
func appendUnit(to []byte, c rune) []byte {
	if c >= 0xD800 && c <= 0xDFFF {
		return append(to, 0xE0|byte(c>>12), 0x80|byte(c>>6)&0xBF, 0x80|byte(c)&0xBF)
	}
	return utf8.AppendRune(to, c)
}

// canonicalJSON appends the one text of a value: Python's json.dumps with sorted keys, no spaces and
// nothing beyond ASCII.
func canonicalJSON(to []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(to, "null"...)
	case bool:
		return strconv.AppendBool(to, v)
	case string:
		return canonicalString(to, v)
	case jsonNumber:
		return append(to, canonicalNumber(string(v))...)
	case []any:
		to = append(to, '[')
		for i, one := range v {
			if i > 0 {
				to = append(to, ',')
			}
			to = canonicalJSON(to, one)
		}
		return append(to, ']')
	}
	object := value.(*jsonObject)
	to = append(to, '{')
	for i, key := range object.keys {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(canonicalString(to, key), ':')
		to = canonicalJSON(to, object.values[key])
	}
	return append(to, '}')
}

func canonicalString(to []byte, text string) []byte {
	to = append(to, '"')
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		if c == utf8.RuneError && size == 1 && i+3 <= len(text) {
			c, size = rune(text[i]&0x0F)<<12|rune(text[i+1]&0x3F)<<6|rune(text[i+2]&0x3F), 3
		}
		i += size
		at := strings.IndexRune("\"\\\b\f\n\r\t", c)
		switch {
		case at >= 0:
			to = append(to, '\\', `"\bfnrt`[at])
		case c >= 0x10000:
			to = fmt.Appendf(to, `\u%04x\u%04x`, 0xD800+(c-0x10000)>>10, 0xDC00+(c-0x10000)&0x3FF)
		case c < ' ' || c >= 0x7F:
			to = fmt.Appendf(to, `\u%04x`, c)
		default:
			to = append(to, byte(c))
		}
	}
	return append(to, '"')
}

// canonicalNumber spells a number as Python does that has read it: an integer by its digits, any
// other as the shortest text that is read as the same.
func canonicalNumber(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		if text == "-0" {
			return "0"
		}
		return text
	}
	number, _ := strconv.ParseFloat(text, 64)
	if math.IsInf(number, 0) {
		return strings.TrimPrefix(strings.ReplaceAll(fmt.Sprint(number), "Inf", "Infinity"), "+")
	}
	short := strconv.FormatFloat(number, 'e', -1, 64)
	exponent, _ := strconv.Atoi(short[strings.IndexByte(short, 'e')+1:])
	if exponent < -4 || exponent >= 16 {
		return short
	}
	plain := strconv.FormatFloat(number, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return plain
}
