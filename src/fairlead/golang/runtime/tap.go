package fairlead

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Requests that somebody looks at, told one by one: so many a second as the control plane wishes.

const tappedReports = 4 // seconds whose requests a report may have

var (
	tapMost atomic.Int64 // requests a second, 0 while nobody looks

	tapped struct {
		lock   sync.Mutex
		second int64
		count  int64
		rows   [][]any
	}
)

// tap tells of a request that has ended, if one more is wanted in this second.
func (r *Request) tap(o *outcome) {
	most, now := tapMost.Load(), time.Now()
	tapped.lock.Lock()
	defer tapped.lock.Unlock()
	if second := now.Unix(); tapped.second != second {
		tapped.second, tapped.count = second, 0
	}
	if tapped.count >= most || int64(len(tapped.rows)) >= tappedReports*most {
		return
	}
	tapped.count++
	tapped.rows = append(tapped.rows, r.tapRow(o, now))
}

// tapRow is fairlead.protocols.watch.report.RequestReport.
func (r *Request) tapRow(o *outcome, now time.Time) []any {
	var status any
	if o.status > 0 {
		status = o.status
	}
	rule, sim := r.refused, false
	if rule == nil {
		if rule = r.routed.would; rule == nil {
			rule = r.entry.would
		}
		sim = rule != nil
	}
	name, reason, at := "", "", ""
	if rule != nil {
		name, reason, at = rule.Rule, rule.Reason, rule.Resource
	}
	if r.meter != nil {
		at = r.meter.name
	}
	trace := ""
	if parent := r.trace[0]; len(parent) >= 35 {
		trace = parent[3:35]
	}
	seconds := math.Round(float64(now.UnixMilli())) / 1000
	return []any{
		seconds, cut(r.lane, longestName), cut(r.in.Method, longestName), cut(at, longestName), status,
		inSeconds(o.elapsed), cut(r.from, longestName), trace, name, reason, sim,
	}
}

// takeTapped returns the requests to tell of, once each.
func takeTapped() [][]any {
	tapped.lock.Lock()
	defer tapped.lock.Unlock()
	rows := tapped.rows
	tapped.rows = nil
	return rows
}
