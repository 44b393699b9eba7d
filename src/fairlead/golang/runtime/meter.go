package fairlead

import (
	"math/bits"
	"strings"
	"sync"
	"sync/atomic"
)

// What is counted for reports (protocols/watch/report.py). Numbers only grow, and a report is the
// difference of two readings: nothing is kept of calls.

// meter counts what happened at one interface on one lane. A nil meter counts nothing.
type meter struct {
	name, side, lane string

	begun, ended               atomic.Int64
	turned, simulated, errored atomic.Int64
	ns                         atomic.Int64
	peak                       atomic.Int64 // most under way at once, since it was reset
	times                      [buckets]atomic.Int64
}

const (
	theRest     = "*" // the interface, lane, app or rule that stands for all beyond the bounds
	notFound    = "404"
	mostLanes   = 64
	mostMeters  = 1024 // of lanes other than base
	mostRules   = 512
	mostEdges   = 512
	mostCounted = 1000
)

// interfaceMeters are the meters of one interface: of base, and of lanes.
type interfaceMeters struct {
	base  meter
	lanes table[string, meter]
}

// table is a map that is read without a lock, and copied where something is added.
type table[K comparable, V any] struct {
	lock sync.Mutex
	seen atomic.Pointer[map[K]*V]
}

func (t *table[K, V]) find(key K) *V {
	if seen := t.seen.Load(); seen != nil {
		return (*seen)[key]
	}
	return nil
}

// rest returns what stands for a key that is not there, where as many as most are: what is at the key
// instead, nil where nothing is yet.
func (t *table[K, V]) rest(instead K, most int) *V {
	if len(t.all()) >= most {
		return t.find(instead)
	}
	return nil
}

// add returns what is at a key, or what is added there: at the key instead where as many as most are
// there already. make gets that key.
func (t *table[K, V]) add(key, instead K, most int, make func(K) *V) *V {
	t.lock.Lock()
	defer t.lock.Unlock()
	before := t.all()
	if len(before) >= most && before[key] == nil {
		key = instead
	}
	if found := before[key]; found != nil {
		return found
	}
	after, added := map[K]*V{}, make(key)
	for one, value := range before {
		after[one] = value
	}
	after[key] = added
	t.seen.Store(&after)
	return added
}

func (t *table[K, V]) all() map[K]*V {
	if seen := t.seen.Load(); seen != nil {
		return *seen
	}
	return nil
}

var (
	metersKnown table[string, interfaceMeters]
	lanesKnown  table[string, struct{}]
	lanesMeters atomic.Int64
	mostNames   atomic.Int64 // interfaces that are told apart; the control plane says how many
	counting    atomic.Bool  // whether anybody is told
)

// metered returns the meter of an interface; of too many, that of the rest. side is "server",
// "client" or "sql". nil where nobody is told of what is counted.
func metered(name, side, lane string) *meter {
	if !counting.Load() {
		return nil
	}
	return metersOf(name, side).of(lane)
}

func metersOf(name, side string) *interfaceMeters {
	if name == theRest {
		name = restOf(side)
	}
	if found := metersKnown.find(name); found != nil {
		return found
	}
	return newMeters(name, side)
}

func (i *interfaceMeters) of(lane string) *meter {
	if lane == "" {
		return &i.base
	}
	if one := i.lanes.find(lane); one != nil {
		return one
	}
	return i.newLane(lane)
}

// naming is a name of an interface that stays, with the meters that were found by it.
type naming struct {
	name  string
	found atomic.Pointer[interfaceMeters]
}

// metered is the same as the function, without a lookup. What stands for the rest is not kept: more
// interfaces may be told apart later.
func (n *naming) metered(side, lane string) *meter {
	if !counting.Load() {
		return nil
	}
	found := n.found.Load()
	if found == nil {
		if found = metersOf(n.name, side); found.base.name == n.name {
			n.found.Store(found)
		}
	}
	return found.of(lane)
}

// restOf is where the rest of a side is kept: no name of any.
func restOf(side string) string {
	switch side {
	case "server":
		return "*server"
	case "client":
		return "*client"
	}
	return "*" + side
}

func newMeters(name, side string) *interfaceMeters {
	rest, most := restOf(side), int(mostNames.Load())
	if found := metersKnown.rest(rest, most); found != nil {
		return found
	}
	return metersKnown.add(name, rest, most, func(key string) *interfaceMeters {
		if key == rest {
			key = theRest
		}
		return &interfaceMeters{base: meter{name: key, side: side}}
	})
}

func (i *interfaceMeters) newLane(lane string) *meter {
	if lanesKnown.find(lane) == nil {
		lanesKnown.add(lane, theRest, mostLanes, func(string) *struct{} { return &struct{}{} })
		if lanesKnown.find(lane) == nil {
			lane = theRest
		}
	}
	if lanesMeters.Load() >= mostMeters && i.base.name != theRest {
		return metered(theRest, i.base.side, lane)
	}
	return i.lanes.add(lane, theRest, mostLanes+1, func(key string) *meter {
		lanesMeters.Add(1)
		return &meter{name: i.base.name, side: i.base.side, lane: key}
	})
}

func (m *meter) begin() {
	if m == nil {
		return
	}
	inside := m.begun.Add(1) - m.ended.Load()
	for most := m.peak.Load(); inside > most; most = m.peak.Load() {
		if m.peak.CompareAndSwap(most, inside) {
			return
		}
	}
}

func (m *meter) end(elapsed int64, failed bool) {
	if m == nil {
		return
	}
	m.ended.Add(1)
	m.ns.Add(elapsed)
	m.times[bucketOf(elapsed)].Add(1)
	if failed {
		m.errored.Add(1)
	}
}

// rejected counts a call that has begun, and is turned away or, where sim, would be. Who is turned
// away does not end.
func (m *meter) rejected(r *Rejection, sim bool) {
	if m != nil {
		if sim {
			m.simulated.Add(1)
		} else {
			m.turned.Add(1)
			m.ended.Add(1)
		}
	}
	countRejection(r, sim)
}

// buckets of response times (fairlead.policy.buckets): bucket i has times up to bounds[i]; the last,
// the rest.
const buckets = 41

var bounds = [buckets - 1]int64{
	100e3, 150e3, 200e3, 250e3, 350e3, 500e3, 750e3,
	1e6, 1500e3, 2e6, 2500e3, 3500e3, 5e6, 7500e3,
	10e6, 15e6, 20e6, 25e6, 35e6, 50e6, 75e6,
	100e6, 150e6, 200e6, 250e6, 350e6, 500e6, 750e6,
	1e9, 1500e6, 2e9, 2500e6, 3500e6, 5e9, 7500e6,
	10e9, 15e9, 20e9, 30e9, 60e9,
}

// firstBuckets are the buckets of the shortest times of so many bits.
var firstBuckets = func() (found [65]int) {
	for length := 1; length < len(found); length++ {
		found[length] = found[length-1]
		for least := uint64(1) << (length - 1); found[length] < len(bounds) && least > uint64(bounds[found[length]]); {
			found[length]++
		}
	}
	return found
}()

func bucketOf(elapsed int64) int {
	bucket := firstBuckets[bits.Len64(uint64(max(0, elapsed)))]
	for bucket < len(bounds) && elapsed > bounds[bucket] {
		bucket++
	}
	return bucket
}

// ruleCount is whom a rule turned away at one resource, for one reason.
type ruleCount struct{ turned, simulated atomic.Int64 }

var rulesKnown table[[3]string, ruleCount]

func countRejection(r *Rejection, sim bool) {
	if r == nil {
		return
	}
	name := rejectionNames[r.Reason]
	switch {
	case sim && r.Reason == "rate":
		name = "would_limit"
	case sim:
		name = "would_reject"
	}
	if name != "" {
		counted(name, r.Resource)
	}
	if !counting.Load() {
		return
	}
	for ; r != nil; r = r.next {
		countRule(r, sim)
	}
}

func countRule(r *Rejection, sim bool) {
	key := [3]string{r.Rule, r.Resource, r.Reason}
	found := rulesKnown.find(key)
	if found == nil {
		rest := [3]string{theRest, theRest, r.Reason}
		if found = rulesKnown.rest(rest, mostRules); found == nil {
			found = rulesKnown.add(key, rest, mostRules, func([3]string) *ruleCount { return &ruleCount{} })
		}
	}
	if sim {
		found.simulated.Add(1)
	} else {
		found.turned.Add(1)
	}
}

// rejectionNames are the counters of reasons (fairlead.telemetry.names).
var rejectionNames = map[string]string{
	"rate": "rate_limited", "queue": "queue_full", "concurrency": "overloaded", "breaker": "circuit_open",
	"hot": "hot_limited", "authority": "not_allowed", "overload": "overload_shed",
}

// edgeCount is calls of one app on one lane, as their caller saw them.
type edgeCount struct {
	lost, calls, errored, fallbacks, retries, ns atomic.Int64
	times                                        [buckets]atomic.Int64
}

var edgesKnown table[[3]string, edgeCount]

func edgeOf(to, label, lane string) *edgeCount {
	// Of a method of gRPC the app that has it.
	if strings.HasPrefix(to, "call:") {
		to, _, _ = strings.Cut(to[len("call:"):], ":/")
	}
	key := [3]string{to, label, lane}
	if found := edgesKnown.find(key); found != nil {
		return found
	}
	rest := [3]string{theRest, anyLane(label), anyLane(lane)}
	if found := edgesKnown.rest(rest, mostEdges); found != nil {
		return found
	}
	return edgesKnown.add(key, rest, mostEdges, func([3]string) *edgeCount { return &edgeCount{} })
}

func anyLane(lane string) string {
	if lane == "" {
		return ""
	}
	return theRest
}

// edge counts a call of an app as its caller saw it.
func edge(to, label, lane string, elapsed int64, failed, fallback bool, retries int) {
	if !counting.Load() {
		return
	}
	edgeOf(to, label, lane).add(elapsed, failed, fallback, retries)
}

func (e *edgeCount) add(elapsed int64, failed, fallback bool, retries int) {
	e.calls.Add(1)
	e.ns.Add(elapsed)
	e.times[bucketOf(elapsed)].Add(1)
	if retries > 0 {
		e.retries.Add(int64(retries))
	}
	if failed {
		e.errored.Add(1)
	}
	if fallback {
		e.fallbacks.Add(1)
	}
}

// edgeLost counts a call of an app that went out without the label that its work has.
func edgeLost(to, label string) {
	if counting.Load() {
		edgeOf(to, label, "").lost.Add(1)
	}
}
