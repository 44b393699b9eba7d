package signal

import (
	"sync/atomic"
	"syscall"
	_ "unsafe" // for go:linkname
)

// fairleadChannels is how many channels the last SIGTERM was for.
var fairleadChannels atomic.Int64

// fairleadHeard is told of a signal before any channel is: who hears of it may stop listening then.
func fairleadHeard(n int, channels int64) {
	if n == signum(syscall.SIGTERM) {
		fairleadChannels.Store(channels)
	}
}

// fairleadTerminated returns how many channels the last SIGTERM was for.
//
//go:linkname fairleadTerminated
func fairleadTerminated() int64 { return fairleadChannels.Load() }
