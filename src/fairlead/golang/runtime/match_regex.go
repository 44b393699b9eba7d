package fairlead

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Expressions of lane rules are written in the language of Python's re. What means the same to RE2 is
// said in its words; what does not is refused, so that both agents decide the same.

const (
	spaceClass = `\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
	wordClass  = `\p{L}\p{N}_`
)

// repeatsUpTo is a repetition that Go takes for letters.
var repeatsUpTo = regexp.MustCompile(`\A\{,\d*\}`)

// pythonRegex returns what tells whether all of a text matches.
func pythonRegex(pattern string) (func(string) bool, error) {
	said, err := pythonPattern(pattern)
	if err != nil {
		return nil, fmt.Errorf("not a regular expression here: %w", err)
	}
	compiled, err := regexp.Compile(`\A(?:` + said + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("not a regular expression here: %w", err)
	}
	return func(text string) bool {
		return len(text) <= 4*subjectLimit && utf8.RuneCountInString(text) <= subjectLimit &&
			compiled.MatchString(text)
	}, nil
}

// pythonPattern returns an expression of Python's in RE2's language.
func pythonPattern(pattern string) (string, error) {
	var out strings.Builder
	within := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			i++
			said, err := pythonEscape(pattern[i], within)
			if err != nil {
				return "", err
			}
			out.WriteString(said)
		case within:
			if c == '[' && i+1 < len(pattern) && pattern[i+1] == ':' {
				return "", fmt.Errorf("%q means other things in Python and in Go", "[:")
			}
			within = c != ']'
			out.WriteByte(c)
		case c == '[':
			within = true
			out.WriteByte(c)
			// What comes first in a class is of it, also where it would end one.
			if i+1 < len(pattern) && pattern[i+1] == '^' {
				i++
				out.WriteByte('^')
			}
			if i+1 < len(pattern) && pattern[i+1] == ']' {
				i++
				out.WriteString(`\]`)
			}
		case c == '{' && repeatsUpTo.MatchString(pattern[i:]):
			out.WriteString("{0")
		case c == '$' && i+1 < len(pattern) && pattern[i+1] != ')' && pattern[i+1] != '|':
			return "", fmt.Errorf("an end in the middle of %q means other things in Python and in Go", pattern)
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), nil
}

func pythonEscape(letter byte, within bool) (string, error) {
	classes := map[byte]string{'d': `\p{Nd}`, 's': spaceClass, 'w': wordClass}
	if class, ok := classes[letter]; ok {
		if within {
			return class, nil
		}
		return "[" + class + "]", nil
	}
	if class, ok := classes[letter|0x20]; ok {
		if letter == 'D' {
			return `\P{Nd}`, nil
		}
		if within {
			return "", fmt.Errorf(`\%c in a class cannot be said in Go`, letter)
		}
		return "[^" + class + "]", nil
	}
	switch {
	case letter == 'Z' && !within:
		return `\z`, nil
	case letter == 'b' || letter == 'B' || letter == 'u' || letter == 'U':
		return "", fmt.Errorf(`\%c means other things in Python and in Go`, letter)
	}
	return `\` + string(rune(letter)), nil
}
