package fairlead

import _ "unsafe" // for go:linkname

//go:linkname terminated os/signal.fairleadTerminated
func terminated() int64

// One of the channels is ours.
func init() { othersHear = func() bool { return terminated() > 1 } }
