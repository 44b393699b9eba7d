package signal

import (
	"os"
	"sync/atomic"
	"syscall"
	_ "unsafe" // for go:linkname
)

//fairlead:needs func signum(os.Signal) int
//fairlead:needs handlers.ref [numSig]int64
//fairlead:needs var handlers

// fairleadChannels is how many channels the last SIGTERM, and the last SIGINT, was for.
var fairleadChannels [2]atomic.Int64

// fairleadHeard is told of a signal before any channel is: who hears of it may stop listening then.
func fairleadHeard(n int) {
	switch n {
	case signum(syscall.SIGTERM):
		fairleadChannels[0].Store(handlers.ref[n])
	case signum(syscall.SIGINT):
		fairleadChannels[1].Store(handlers.ref[n])
	}
}

// fairleadChannelsOf returns how many channels the last of these signals was for.
//
//go:linkname fairleadChannelsOf
func fairleadChannelsOf(which os.Signal) int64 {
	if which == syscall.SIGINT {
		return fairleadChannels[1].Load()
	}
	return fairleadChannels[0].Load()
}
