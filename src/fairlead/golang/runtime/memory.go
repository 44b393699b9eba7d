package fairlead

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// How much memory the process uses, for thresholds that fall as it fills (fairlead.agent.memory).

var heldMemory struct{ until, bytes atomic.Int64 }

// resident returns the bytes of memory that are in use, read at most once in memoryHold however many
// rules ask; 0 where the kernel does not say.
func resident() int64 {
	now := clock()
	if until := heldMemory.until.Load(); now < until || !heldMemory.until.CompareAndSwap(until, now+memoryHold) {
		return heldMemory.bytes.Load()
	}
	bytes := residentNow()
	heldMemory.bytes.Store(bytes)
	return bytes
}

func residentNow() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	words := strings.Fields(string(text))
	if len(words) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
