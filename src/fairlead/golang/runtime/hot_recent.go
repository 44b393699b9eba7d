package fairlead

import "hash/maphash"

// What is remembered of each of very many values, in memory that does not grow with them
// (fairlead.flow.recent).
//
// A value's state is exact while it is among those that were used last. Of one that is pushed out a
// single time is kept, until which it still owes something, in a table of fixed size: in one of two
// cells that its hash names, with 16 more bits of the hash. Where both are taken, the debt that ends
// first is lost: to one that ends later only, so that a flood of values that come once frees none
// that is used up.

const (
	mostExact    = 1_000_000 // values of one rule that can be exact at most
	cellsOfValue = 32
	mostCells    = 1 << 22
	debtTick     = 14 // a cell tells time in 2^debtTick ns, and is too late by less than that
	debtFar      = int64(1)<<62 - 1<<16
)

// valueState is a bucket of permits (at, rest) or a pace (at is the last call), and the value's own
// tuning where it has one.
type valueState struct {
	at, rest int64
	own      *hotTuning
}

type valueNode struct {
	valueState
	key        string
	prev, next int32 // in the order of use, of which 0 is the ring's head
}

type recent struct {
	most  int32
	nodes []valueNode
	index map[string]int32
	cells []uint64
	mask  uint64
	seed  maphash.Seed
}

func newRecent(most int64) *recent {
	r := &recent{most: int32(max(1, min(most, mostExact))), index: map[string]int32{}, seed: maphash.MakeSeed()}
	r.nodes = make([]valueNode, 1, 64)
	cells := uint64(1)
	for cells < uint64(r.most)*cellsOfValue && cells < mostCells {
		cells *= 2
	}
	r.mask = cells - 1
	return r
}

// use returns the place of a key's exact state, 0 where there is none, and makes it the youngest.
func (r *recent) use(key string) int32 {
	at := r.index[key]
	if at != 0 && r.nodes[0].next != at {
		r.unlink(at)
		r.first(at)
	}
	return at
}

func (r *recent) unlink(at int32) {
	node := &r.nodes[at]
	r.nodes[node.prev].next, r.nodes[node.next].prev = node.next, node.prev
}

func (r *recent) first(at int32) {
	head := &r.nodes[0]
	r.nodes[at].prev, r.nodes[at].next = 0, head.next
	r.nodes[head.next].prev = at
	r.nodes[0].next = at
}

// put remembers a state, and perhaps another one no longer exactly: until tells when a state has no
// more effect.
func (r *recent) put(key string, state valueState, now int64, until func(*valueState) int64) int32 {
	at := int32(len(r.nodes))
	if at <= r.most {
		r.nodes = append(r.nodes, valueNode{})
	} else {
		at = r.nodes[0].prev // the one that was used longest ago
		r.unlink(at)
		gone := &r.nodes[at]
		delete(r.index, gone.key)
		if end := until(&gone.valueState); end > now {
			r.owe(gone.key, end)
		}
	}
	// The key is a part of a request's memory, which must not be kept for it.
	kept := string(append([]byte(nil), key...))
	r.nodes[at].valueState, r.nodes[at].key = state, kept
	r.index[kept] = at
	r.first(at)
	return at
}

// owes returns until when a key without an exact state still owes something, 0 if nothing.
func (r *recent) owes(key string) int64 {
	if r.cells == nil {
		return 0
	}
	place := maphash.String(r.seed, key)
	tag, found := place>>44&0xFFFF, uint64(0)
	for _, cell := range [2]uint64{r.cells[place&r.mask], r.cells[place>>22&r.mask]} {
		if cell&0xFFFF == tag && cell > found {
			found = cell
		}
	}
	return int64(found >> 16 << debtTick)
}

func (r *recent) owe(key string, until int64) {
	if r.cells == nil {
		r.cells = make([]uint64, r.mask+1)
	}
	place := maphash.String(r.seed, key)
	cell, other, tag := place&r.mask, place>>22&r.mask, place>>44&0xFFFF
	if r.cells[other] < r.cells[cell] && r.cells[cell]&0xFFFF != tag {
		cell = other
	}
	// Rounded up: a debt may be too long by a tick, never too short.
	if debt := (uint64(min(until, debtFar))>>debtTick+1)<<16 | tag; r.cells[cell] < debt {
		r.cells[cell] = debt
	}
}
