package fairlead

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// forgetMeters begins to count anew, so many interfaces apart.
func forgetMeters(most int64) {
	metersKnown.seen.Store(nil)
	lanesKnown.seen.Store(nil)
	rulesKnown.seen.Store(nil)
	edgesKnown.seen.Store(nil)
	countersKnown.seen.Store(nil)
	lanesMeters.Store(0)
	mostNames.Store(most)
	counting.Store(true)
}

func rowsOf(rows [][]any) map[string]string {
	found := map[string]string{}
	for _, one := range rows {
		found[fmt.Sprint(one[:3])] = fmt.Sprint(one[3:])
	}
	return found
}

func TestAReportHasWhatHappenedSinceTheLast(t *testing.T) {
	forgetMeters(256)
	for range [3]int{} {
		m := metered("GET:/a", "server", "")
		m.begin()
		m.end(int64(1200*time.Microsecond), true)
	}
	gray := metered("GET:/a", "server", "gray")
	gray.begin()
	gray.rejected(&Rejection{Rule: "RateLimitStrategy/r", Resource: "GET:/a", Reason: "rate"}, false)
	gray.begin()
	edge("call:b", "gray", "", int64(time.Second), false, true, 1)
	edge("call:b:/p.S/M", "gray", "", int64(time.Second), true, true, 0)
	edgeLost("call:b", "gray")
	first := readAll()
	report := reportOf(first, reading{}, 1, 2)
	zeros := strings.Repeat("0 ", 8)
	if got := rowsOf(report.Interfaces); got["[GET:/a server ]"] != "[3 0 0 3 ["+zeros+"3] 0.0036 0 1]" ||
		got["[GET:/a server gray]"] != "[1 1 0 0 [] 0 1 1]" {
		t.Fatal(got)
	}
	if got := rowsOf(report.Rules); got["[RateLimitStrategy/r GET:/a rate]"] != "[1 0]" {
		t.Fatal(got)
	}
	if got := rowsOf(report.Edges)["[b gray ]"]; !strings.HasPrefix(got, "[1 2 1 2 [") || !strings.HasSuffix(got, "] 2 1]") {
		t.Fatal(got)
	}
	gray.end(5, false)
	report = reportOf(readAll(), first, 2, 2)
	if got := rowsOf(report.Interfaces); len(got) != 1 || got["[GET:/a server gray]"] != "[0 0 0 0 [1] 0 0 1]" {
		t.Fatal(got)
	}
	if len(report.Rules)+len(report.Edges) != 0 || readCounters()["rate_limited"]["GET:/a"] != 1 {
		t.Fatal(report, readCounters())
	}
}

func TestNamesOfStrangersDoNotFillTheMemory(t *testing.T) {
	forgetMeters(3)
	for i := 0; i < 5000; i++ {
		m := metered(fmt.Sprint("GET:/", i), "server", fmt.Sprint("lane", i))
		m.begin()
		m.end(1, false)
		edge(fmt.Sprint("call:", i), "x", "", 1, false, false, 0)
		counted("coloured_requests", fmt.Sprint(i))
		countRejection(&Rejection{Rule: fmt.Sprint(i), Reason: "rate"}, true)
	}
	if names, lanes := len(metersKnown.all()), len(lanesKnown.all()); names > 4 || lanes > mostLanes+1 {
		t.Fatal(names, lanes)
	}
	if len(edgesKnown.all()) > mostEdges+1 || len(countersKnown.all()) > mostCounted+2 || len(rulesKnown.all()) > mostRules+1 {
		t.Fatal(len(edgesKnown.all()), len(countersKnown.all()), len(rulesKnown.all()))
	}
	var passed int64
	for key, one := range readAll() {
		if key.sort == 'i' {
			passed += one.counts[passedAt]
		}
	}
	if passed != 5000 {
		t.Fatal(passed)
	}
}

func TestAReportIsBoundedAndLosesNoCall(t *testing.T) {
	var rows []*row
	for i := 0; i < 5000; i++ {
		rows = append(rows, &row{names: [3]string{strings.Repeat("n", 1000), "server", ""}, counts: []int64{1, 0, 0, 0, 0, 0}, times: make([]int64, buckets)})
	}
	kept, sum := bounded(rows, interfaceBytes, func(n [3]string) [3]string { return [3]string{theRest, n[1], n[2]} }), int64(0)
	for _, one := range kept {
		sum += one.counts[passedAt]
	}
	if len(kept) > 200 || sum != 5000 {
		t.Fatal(len(kept), sum)
	}
}

func TestAReportThatNobodyHasCountedIsToldByTheNext(t *testing.T) {
	forgetMeters(256)
	s := usualSettings()
	d := &door{controlAt("http://127.0.0.1:1"), func() string { return "" }, &trust{}}
	p := newPosting(d, &subscription{"n", &s}, usualTelemetry)
	metered("GET:/a", "server", "").begin()
	p.began = time.Now().Add(-time.Minute)
	first := p.due(0)
	if first == nil || first.Seq != 1 || p.due(0) != first {
		t.Fatal("the same until it has arrived")
	}
	p.arrived(0)
	p.arrived(0)
	if p.pending != first {
		t.Fatal("it is sent again")
	}
	p.arrived(0)
	if p.pending != nil || p.untilDue() < silentAfter/2 {
		t.Fatal("nobody seems to listen")
	}
	p.notBefore = time.Time{}
	if again := p.due(0); again.Seq != 2 || len(again.Interfaces) != 1 || again.Seconds < 60 {
		t.Fatal(again)
	}
	p.arrived(2)
	if p.pending != nil || p.untilDue() == 0 {
		t.Fatal("it has arrived")
	}
}

func TestBucketsAreThoseOfPython(t *testing.T) {
	for elapsed, bucket := range map[int64]int{0: 0, 100e3: 0, 100e3 + 1: 1, 1e6: 7, 60e9: 39, 60e9 + 1: 40} {
		if bucketOf(elapsed) != bucket {
			t.Error(elapsed, bucketOf(elapsed))
		}
	}
	for i, bound := range bounds {
		if bucketOf(bound) != i || bucketOf(bound+1) != i+1 || bucketOf(-bound) != 0 {
			t.Error(bound, bucketOf(bound), bucketOf(bound+1))
		}
	}
	if bucketOf(math.MaxInt64) != buckets-1 {
		t.Error(bucketOf(math.MaxInt64))
	}
}

func BenchmarkMeter(b *testing.B) {
	forgetMeters(256)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m := metered("GET:/users/{id}", "server", "gray")
			m.begin()
			m.end(1e6, false)
		}
	})
}
