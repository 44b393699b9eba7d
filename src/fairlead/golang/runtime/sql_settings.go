package fairlead

import "strings"

// shadowing is the setting FAIRLEAD_SHADOW: on, off, or the tables that may be rewritten.
func shadowing() string { return set.shadow }

// shadowList returns the tables that may be rewritten, nil for all of them.
func shadowList() []string {
	if set.shadow == onWord || set.shadow == offWord {
		return nil
	}
	return strings.Split(set.shadow, ",")
}
