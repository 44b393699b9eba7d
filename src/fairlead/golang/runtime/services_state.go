package fairlead

import (
	"math"
	"sync"
	"sync/atomic"
)

// What is known of addresses, apart from any snapshot: who has refused a connection, and who is new.

// avoidedFor is how long an address is passed over that has refused a connection (contract 13).
const avoidedFor = int64(5e9)

var avoided struct {
	lock  sync.Mutex
	until atomic.Pointer[map[string]int64]
}

// avoid passes over an address for a while. Readers never see the map change.
func avoid(address string) {
	now := clock()
	avoided.lock.Lock()
	defer avoided.lock.Unlock()
	next := map[string]int64{address: now + avoidedFor}
	if known := avoided.until.Load(); known != nil {
		for one, until := range *known {
			if until > now && one != address {
				next[one] = until
			}
		}
	}
	avoided.until.Store(&next)
}

func anyAvoided() bool {
	known := avoided.until.Load()
	return known != nil && len(*known) > 0
}

func isAvoided(address string) bool {
	known := avoided.until.Load()
	if known == nil {
		return false
	}
	until, ok := (*known)[address]
	return ok && until > clock()
}

// avoidedLast puts addresses that are avoided last: better a doubtful endpoint than none.
func avoidedLast(order []*endpoint) {
	if !anyAvoided() {
		return
	}
	var doubtful []*endpoint
	kept := order[:0]
	for _, one := range order {
		if isAvoided(one.address) {
			doubtful = append(doubtful, one)
		} else {
			kept = append(kept, one)
		}
	}
	copy(order[len(kept):], doubtful)
}

// warming has since when a caller has seen endpoints that are new, by address: one goes on warming
// when rules change, and begins again where it has been away (fairlead.flow.warmup).
var warming struct {
	lock  sync.Mutex
	since atomic.Pointer[map[string]int64]
}

func seeWarming(s *snapshot) {
	warming.lock.Lock()
	defer warming.lock.Unlock()
	var known map[string]int64
	if before := warming.since.Load(); before != nil {
		known = *before
	}
	now, next := clock(), map[string]int64{}
	for i := range s.Services {
		for _, one := range s.Services[i].Endpoints {
			if one.Warmup == nil {
				continue
			}
			next[one.Address] = now
			if since, ok := known[one.Address]; ok {
				next[one.Address] = since
			}
		}
	}
	warming.since.Store(&next)
}

// warmShare returns how much of an equal share an endpoint is to get, from 0 to 1: after half of its
// time, a quarter.
func warmShare(e *endpoint) float64 {
	if e.warmup == 0 {
		return 1
	}
	known := warming.since.Load()
	if known == nil {
		return 1
	}
	since, ok := (*known)[e.address]
	if !ok {
		return 1
	}
	part := math.Min(1, float64(clock()-since)/float64(e.warmup))
	return part * part
}

// warmingAmong tells whether some endpoints are new and others are not: where all of them are new
// there is nobody to spare them.
func warmingAmong(all []*endpoint) bool {
	fresh := 0
	for _, one := range all {
		if warmShare(one) < 1 {
			fresh++
		}
	}
	return fresh > 0 && fresh < len(all)
}
