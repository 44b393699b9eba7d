package fairlead

import (
	"encoding/json"
	"math"
	"sync/atomic"
	"unicode/utf8"
)

// A report as it stands on the wire (fairlead.protocols.watch.report): rows are lists in the order of
// fields.

// row is one row of a report, of any sort: its names, its counts, and what calls took.
type row struct {
	names  [3]string
	counts []int64 // of an interface passed, rejected, simulated, errors, inflight, peak
	times  []int64 // by bucket
	ns     int64
}

// rowKey tells rows of all sorts apart.
type rowKey struct {
	sort  byte // i, r or e
	names [3]string
}

// reading is everything that was counted so far.
type reading map[rowKey]*row

const (
	passedAt, rejectedAt, simulatedAt, errorsAt, inflightAt, peakAt = 0, 1, 2, 3, 4, 5
	longestName                                                     = 1280
)

// readAll reads the totals; what was most under way is looked for anew from then on.
func readAll() reading {
	found := reading{}
	for _, one := range metersKnown.all() {
		found.meter(&one.base)
		for _, lane := range one.lanes.all() {
			found.meter(lane)
		}
	}
	for key, count := range rulesKnown.all() {
		found.add('r', key, []int64{count.turned.Load(), count.simulated.Load()}, nil, 0)
	}
	for key, e := range edgesKnown.all() {
		counts := []int64{e.lost.Load(), e.calls.Load(), e.errored.Load(), e.fallbacks.Load(), e.retries.Load()}
		found.add('e', key, counts, loaded(&e.times), e.ns.Load())
	}
	return found
}

func (f reading) meter(m *meter) {
	// First who has ended: of who is under way there may be more then, and never less than none.
	ended := m.ended.Load()
	turned, begun := m.turned.Load(), m.begun.Load()
	inflight := begun - ended
	counts := []int64{
		begun - turned, turned, m.simulated.Load(), m.errored.Load(),
		inflight, max(m.peak.Swap(inflight), inflight),
	}
	f.add('i', [3]string{m.name, m.side, m.lane}, counts, loaded(&m.times), m.ns.Load())
}

func loaded(times *[buckets]atomic.Int64) []int64 {
	found := make([]int64, buckets)
	for i := range times {
		found[i] = times[i].Load()
	}
	return found
}

// add adds a row; what has one name on the wire is one.
func (f reading) add(sort byte, names [3]string, counts, times []int64, ns int64) {
	for i := range names {
		names[i] = cut(names[i], longestName)
	}
	key := rowKey{sort, names}
	if found := f[key]; found != nil {
		found.take(&row{names, counts, times, ns})
		return
	}
	f[key] = &row{names, counts, times, ns}
}

// cut returns at most so many characters.
func cut(text string, most int) string {
	if len(text) <= most || utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most])
}

// take adds the numbers of another row.
func (r *row) take(other *row) {
	for i, count := range other.counts {
		r.counts[i] += count
	}
	for i, count := range other.times {
		r.times[i] += count
	}
	r.ns += other.ns
}

// since returns what has changed since before, and where calls are under way, of one sort.
func (f reading) since(before reading, sort byte) []*row {
	var found []*row
	for key, now := range f {
		if key.sort != sort {
			continue
		}
		if changed := now.less(before[key], sort); changed != nil {
			found = append(found, changed)
		}
	}
	return found
}

func (r *row) less(before *row, sort byte) *row {
	found := &row{names: r.names, ns: r.ns, counts: append([]int64(nil), r.counts...), times: append([]int64(nil), r.times...)}
	changed := false
	for i := range found.counts {
		gauge := sort == 'i' && i >= inflightAt
		if before != nil && !gauge {
			found.counts[i] = max(0, found.counts[i]-before.counts[i])
		}
		if i != peakAt || sort != 'i' {
			changed = changed || found.counts[i] > 0
		}
	}
	if before != nil {
		changed = changed || sort == 'i' && before.counts[inflightAt] > 0
		for i := range found.times {
			found.times[i] = max(0, found.times[i]-before.times[i])
		}
		found.ns = max(0, found.ns-before.ns)
	}
	if !changed {
		return nil
	}
	return found
}

// Bounds of what a control plane takes: rows beyond them are told together (fairlead.agent.bounded).
const (
	interfaceBytes, otherBytes = 192 << 10, 80 << 10
	mostTold                   = mostRows - 512
	rowBytes, countBytes       = 120, 6
)

func bounded(rows []*row, most int, instead func([3]string) [3]string) []*row {
	var kept []*row
	others := map[[3]string]*row{}
	for _, one := range rows {
		most -= rowBytes + len(one.names[0]) + len(one.names[1]) + len(one.names[2]) + countBytes*len(one.times)
		if most >= 0 && len(kept) < mostTold {
			kept = append(kept, one)
			continue
		}
		names := instead(one.names)
		if others[names] != nil {
			others[names].take(one)
			continue
		}
		one.names = names
		others[names] = one
	}
	for _, one := range others {
		kept = append(kept, one)
	}
	return kept
}

// plainReport is what stands in a registration.
type plainReport struct {
	Seq        int64        `json:"seq"`
	Seconds    float64      `json:"seconds"`
	Interfaces [][]any      `json:"interfaces,omitempty"`
	Rules      [][]any      `json:"rules,omitempty"`
	Edges      [][]any      `json:"edges,omitempty"`
	Requests   [][]any      `json:"requests,omitempty"`
	Runtime    *runtimeTold `json:"runtime,omitempty"`
}

// wholeReport is what is sent by itself.
type wholeReport struct {
	Node      string `json:"node"`
	Namespace string `json:"namespace"`
	App       string `json:"app"`
	Address   string `json:"address"`
	Lane      string `json:"lane"`
	plainReport
}

func reportOf(now, before reading, seq int64, seconds float64) plainReport {
	return plainReport{
		Seq:     seq,
		Seconds: math.Max(0.001, math.Round(seconds*1000)/1000),
		Interfaces: listedRows(bounded(now.since(before, 'i'), interfaceBytes, func(n [3]string) [3]string {
			return [3]string{theRest, n[1], n[2]}
		}), func(r *row) []any {
			c := r.counts
			return []any{c[passedAt], c[rejectedAt], c[simulatedAt], c[errorsAt], trimmed(r.times), inSeconds(r.ns), c[inflightAt], c[peakAt]}
		}),
		Rules: listedRows(bounded(now.since(before, 'r'), otherBytes, func(n [3]string) [3]string {
			return [3]string{theRest, theRest, n[2]}
		}), func(r *row) []any { return []any{r.counts[0], r.counts[1]} }),
		Edges: listedRows(bounded(now.since(before, 'e'), otherBytes, func(n [3]string) [3]string {
			return [3]string{theRest, anyLane(n[1]), anyLane(n[2])}
		}), func(r *row) []any {
			c := r.counts
			return []any{c[0], c[1], c[2], c[3], trimmed(r.times), inSeconds(r.ns), c[4]}
		}),
	}
}

func listedRows(rows []*row, numbers func(*row) []any) [][]any {
	var found [][]any
	for _, one := range rows {
		names := []any{one.names[0], one.names[1], one.names[2]}
		found = append(found, append(names, numbers(one)...))
	}
	return found
}

// trimmed leaves zeros at the end out; it is a list also where nothing is left.
func trimmed(times []int64) []int64 {
	end := len(times)
	for end > 0 && times[end-1] == 0 {
		end--
	}
	return append([]int64{}, times[:end]...)
}

// inSeconds returns nanoseconds as seconds.
func inSeconds(ns int64) float64 { return math.Round(float64(ns)/1e3) / 1e6 }

// sized tells whether a report is too large to ride on a renewal.
func (r *plainReport) sized() (json.RawMessage, bool) {
	body, err := json.Marshal(r)
	return body, err == nil && len(body) <= mostRiding
}

const mostRiding = 64 << 10
