package fairlead

import (
	"fmt"
	"regexp"
	"strings"
)

// Replacements by RE2's expressions (fairlead.policy.routing.expression): in the text, a backslash
// and a digit stand for a group.

func (s *substitutionRule) check() error {
	pattern, err := expression(s.Regex)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(s.Text); i++ {
		if s.Text[i] != '\\' {
			continue
		}
		i++
		if digit := int(s.Text[i]) - '0'; digit >= 0 && digit <= 9 && digit > pattern.NumSubexp() {
			return fmt.Errorf("%q asks for group %d: %q has %d", s.Text, digit, s.Regex, pattern.NumSubexp())
		}
	}
	return nil
}

// substitution is one, compiled.
type substitution struct {
	pattern *regexp.Regexp
	text    string
}

func (s *substitutionRule) compiled() *substitution {
	if s == nil {
		return nil
	}
	pattern, err := expression(s.Regex)
	if err != nil {
		return nil // refused by the checks of its route
	}
	return &substitution{pattern, s.Text}
}

// of returns a subject with every match replaced.
func (s *substitution) of(subject string) string {
	if !isShortSubject(subject) {
		return subject
	}
	var out strings.Builder
	end := 0
	for i, found := range s.pattern.FindAllStringSubmatchIndex(subject, -1) {
		// RE2 passes over an empty match right behind another match.
		if i > 0 && found[0] == found[1] && found[0] == end {
			continue
		}
		out.WriteString(subject[end:found[0]])
		s.fill(&out, subject, found)
		end = found[1]
	}
	out.WriteString(subject[end:])
	return out.String()
}

func (s *substitution) fill(out *strings.Builder, subject string, found []int) {
	for i := 0; i < len(s.text); i++ {
		if s.text[i] != '\\' || i+1 == len(s.text) {
			out.WriteByte(s.text[i])
			continue
		}
		next := s.text[i+1]
		switch {
		case next == '\\':
			out.WriteByte('\\')
		case next >= '0' && next <= '9':
			if group := 2 * int(next-'0'); group+1 < len(found) && found[group] >= 0 {
				out.WriteString(subject[found[group]:found[group+1]])
			}
		default:
			out.WriteByte('\\')
			continue
		}
		i++
	}
}
