package fairlead

import (
	"fmt"
	"sync/atomic"
)

var countersKnown table[[2]string, atomic.Int64]

// counted counts an event by the names of fairlead.telemetry.names. Some labels are the network's
// words: beyond a number they are one.
func counted(name, label string) {
	key := [2]string{name, label}
	found := countersKnown.find(key)
	if found == nil {
		rest := [2]string{name, theRest}
		if found = countersKnown.rest(rest, mostCounted); found == nil {
			found = countersKnown.add(key, rest, mostCounted, func([2]string) *atomic.Int64 { return &atomic.Int64{} })
		}
	}
	found.Add(1)
}

// readCounters returns every count by name and label.
func readCounters() map[string]map[string]int64 {
	found := map[string]map[string]int64{}
	for key, count := range countersKnown.all() {
		if found[key[0]] == nil {
			found[key[0]] = map[string]int64{}
		}
		found[key[0]][key[1]] = count.Load()
	}
	return found
}

var lastFault atomic.Pointer[string]

// fault keeps a fault of our own and counts it; the application does not notice.
func fault(where string, err any) {
	counted("agent_faults", where)
	text := where + ": " + fmt.Sprint(err)
	if lastFault.Swap(&text) == nil {
		go warn("a fault of its own, which let a call pass: " + text)
	}
}

// Broken takes note of a panic that a hook has recovered from.
func Broken(where string, broken any) { fault(where, broken) }

// inside are the requests that are served now, in parts that few goroutines share.
var inside [16]struct {
	count atomic.Int64
	_     [56]byte // a cache line is one part's
}

func entered(began int64) { inside[began>>7&15].count.Add(1) }
func gone(began int64)    { inside[began>>7&15].count.Add(-1) }

// servedNow returns how many requests are served now.
func servedNow() (found int64) {
	for i := range inside {
		found += inside[i].count.Load()
	}
	return found
}
