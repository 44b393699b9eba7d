package fairlead

import (
	"sort"
	"strings"
)

// Values that say something, and probably not what their author meant; and settings of agents in other
// languages that this one does not know (fairlead.agent.spelling).

// knownHooks are the import paths that FAIRLEAD_DISABLE may name, whether they are in this program or
// not, in their order; the build tool says them. Without any nobody can tell.
var knownHooks []string

// unsupported are settings that mean something elsewhere, and what is not done here.
var unsupported = [][2]string{
	{"FAIRLEAD_ACCESS_LOG", "no access log is written"},
	{"FAIRLEAD_CONTRACTS", "contracts are not told"},
	{"FAIRLEAD_METRICS", "Prometheus is served nothing"},
	{"FAIRLEAD_SHARED", "each process counts for itself"},
	{"FAIRLEAD_STATEMENTS", "statements are not told"},
}

// doubtfulValues returns a sentence for each value that will not do what its author meant.
func doubtfulValues(environ func(string) (string, bool)) []string {
	var found []string
	for _, one := range unsupported {
		value, _ := environ(one[0])
		if on, known := onOrOff(strings.TrimSpace(value)); value != "" && (on || !known) {
			found = append(found, one[0]+" is not supported in Go programs: "+one[1])
		}
	}
	shadow, _ := environ("FAIRLEAD_SHADOW")
	found = append(found, aboutShadow(strings.TrimSpace(shadow))...)
	disable, _ := environ("FAIRLEAD_DISABLE")
	return append(found, aboutDisable(listed(disable))...)
}

// aboutShadow looks at what is nearly a switch, and is read as the name of the one table to be
// rewritten.
func aboutShadow(value string) []string {
	if _, known := onOrOff(value); known || value == "" || strings.Contains(value, ",") {
		return nil
	}
	for _, word := range []string{onWord, offWord, "yes", "true", "false"} {
		if nearly(strings.ToLower(value), word) {
			return []string{"FAIRLEAD_SHADOW='" + value + "' lets only a table of that name be rewritten (did you mean " +
				word + "?): it may be on, off, or names of tables with commas between"}
		}
	}
	return nil
}

// aboutDisable looks at what is no import path with a hook.
func aboutDisable(names []string) []string {
	var found []string
	for _, name := range names {
		if len(knownHooks) == 0 || isHook(name) || disablesAll(name) {
			continue
		}
		text := "FAIRLEAD_DISABLE names '" + name + "', which switches nothing off in Go programs"
		if likely := hookLike(name); likely != "" {
			text += " (did you mean " + likely + "?)"
		}
		found = append(found, text+": it may be 1, or name "+strings.Join(knownHooks, ", "))
	}
	return found
}

func isHook(name string) bool {
	for _, one := range knownHooks {
		if one == name {
			return true
		}
	}
	return false
}

// hookLike returns the path that is meant by a part of it, or by one that is misspelt; "" for none.
func hookLike(name string) string {
	lower := strings.ToLower(name)
	for _, one := range knownHooks {
		for _, part := range strings.Split(one, "/") {
			if part == lower {
				return one
			}
		}
	}
	for _, one := range knownHooks {
		if edits(lower, one) <= 2 {
			return one
		}
	}
	return ""
}

// nearly tells whether a word is another one with a letter too many, too few or wrong, or with its
// letters in another order.
func nearly(word, other string) bool {
	return edits(word, other) == 1 && len(word)+len(other) > 4 || letters(word) == letters(other)
}

func letters(word string) string {
	split := strings.Split(word, "")
	sort.Strings(split)
	return strings.Join(split, "")
}
