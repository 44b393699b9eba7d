package fairlead

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// runtimeTold is how the process does (fairlead.agent.runtime). Goroutines are what tasks of an event
// loop are elsewhere, and Go's collector has no generations.
type runtimeTold struct {
	CPU     float64  `json:"cpu"` // cores that it kept busy
	RSS     int64    `json:"rss"`
	FDs     int64    `json:"fds"`
	Threads int64    `json:"threads"`
	GC      [3]int64 `json:"gc"`
	Pause   float64  `json:"gc_pause"` // seconds that the world stood still for collections
	Lag     float64  `json:"loop_lag"`
	Tasks   int64    `json:"tasks"`
}

// figures are what was read last; the next differs from it.
type figures struct {
	at     time.Time
	cpu    float64
	gc     int64
	paused time.Duration
}

func (f *figures) since() *runtimeTold {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	cpu, threads := processTimes()
	now := figures{time.Now(), cpu, stats.NumGC, stats.PauseTotal}
	before := *f
	*f = now
	spent := max(now.at.Sub(before.at).Seconds(), 0.001)
	return &runtimeTold{
		CPU:     math.Round(max(0, now.cpu-before.cpu)/spent*1e4) / 1e4,
		RSS:     residentNow(),
		FDs:     descriptors(),
		Threads: threads,
		GC:      [3]int64{max(0, now.gc-before.gc), 0, 0},
		Pause:   math.Round((now.paused-before.paused).Seconds()*1e6) / 1e6,
		Tasks:   int64(runtime.NumGoroutine()),
	}
}

// ticks of proc(5) a second, on every Linux there is.
const ticks = 100

// processTimes returns the seconds of CPU that the process has had, and its threads; 0 where the
// system does not say.
func processTimes() (cpu float64, threads int64) {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 18 {
		return 0, 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	threads, _ = strconv.ParseInt(fields[17], 10, 64)
	return (user + system) / ticks, threads
}

func descriptors() int64 {
	folder, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(-1)
	return int64(max(0, len(names)-1))
}
