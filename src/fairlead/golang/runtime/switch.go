package fairlead

import "sync/atomic"

// active says whether the hooks do anything at all. Settings decide it once, when the program starts.
var active atomic.Bool

// On tells whether this process is governed: one load, and all that a hook costs where it is not.
func On() bool { return active.Load() }

// hookOff has hooks that FAIRLEAD_DISABLE names, by import path.
var hookOff atomic.Pointer[map[string]bool]

// OnFor tells whether this process is governed and the hook of an import path was not switched off.
func OnFor(path string) bool {
	if !active.Load() {
		return false
	}
	off := hookOff.Load()
	return off == nil || !(*off)[path]
}
