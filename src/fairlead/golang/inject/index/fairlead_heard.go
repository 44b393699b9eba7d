package fairlead

import (
	"os"
	_ "unsafe" // for go:linkname
)

//go:linkname channelsOf os/signal.fairleadChannelsOf
func channelsOf(os.Signal) int64

// One of the channels is ours.
func init() { othersHear = func(which os.Signal) bool { return channelsOf(which) > 1 } }
