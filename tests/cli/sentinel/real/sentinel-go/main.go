// Loads the files of a directory into sentinel-golang, and says how many rules it keeps; with a
// start and a schedule, says instead what becomes of its calls.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	sentinel "github.com/alibaba/sentinel-golang/api"
	"github.com/alibaba/sentinel-golang/core/base"
	"github.com/alibaba/sentinel-golang/core/circuitbreaker"
	"github.com/alibaba/sentinel-golang/core/config"
	"github.com/alibaba/sentinel-golang/core/flow"
	"github.com/alibaba/sentinel-golang/core/hotspot"
	"github.com/alibaba/sentinel-golang/core/isolation"
	"github.com/alibaba/sentinel-golang/ext/datasource"
	"github.com/alibaba/sentinel-golang/util"
)

func main() {
	var clock *virtual
	if len(os.Args) > 3 {
		start, err := strconv.ParseInt(os.Args[3], 10, 64)
		if err != nil {
			panic(err)
		}
		clock = frozen(start)
	}
	settings := config.NewDefaultConfig()
	settings.Sentinel.Log.Dir = os.Args[2]
	if err := sentinel.InitWithConfig(settings); err != nil {
		panic(err)
	}
	good := true
	load := func(name string, parse func([]byte) (interface{}, error), into func(interface{}) (int, int, error)) {
		text, err := os.ReadFile(filepath.Join(os.Args[1], name+".json"))
		if err != nil {
			panic(err)
		}
		rules, err := parse(text)
		if err != nil {
			panic(err)
		}
		read, kept, err := into(rules)
		if err != nil {
			panic(err)
		}
		if clock != nil {
			return
		}
		good = good && read == kept && read > 0
		fmt.Printf("go %s: %d of %d kept\n", name, kept, read)
	}
	load("flow", datasource.FlowRuleJsonArrayParser, func(rules interface{}) (int, int, error) {
		found := rules.([]*flow.Rule)
		_, err := flow.LoadRules(found)
		return len(found), len(flow.GetRules()), err
	})
	load("circuitbreaker", datasource.CircuitBreakerRuleJsonArrayParser, func(rules interface{}) (int, int, error) {
		found := rules.([]*circuitbreaker.Rule)
		_, err := circuitbreaker.LoadRules(found)
		return len(found), len(circuitbreaker.GetRules()), err
	})
	load("hotspot", datasource.HotSpotParamRuleJsonArrayParser, func(rules interface{}) (int, int, error) {
		found := rules.([]*hotspot.Rule)
		_, err := hotspot.LoadRules(found)
		return len(found), len(hotspot.GetRules()), err
	})
	load("isolation", datasource.IsolationRuleJsonArrayParser, func(rules interface{}) (int, int, error) {
		found := rules.([]*isolation.Rule)
		_, err := isolation.LoadRules(found)
		return len(found), len(isolation.GetRules()), err
	})
	if clock != nil {
		replay(clock, os.Args[4])
	}
	if !good {
		os.Exit(1)
	}
}

// virtual is a clock that only a schedule moves, and whoever waits.
type virtual struct{ now int64 }

func (c *virtual) Now() time.Time            { return time.Unix(0, atomic.LoadInt64(&c.now)) }
func (c *virtual) Sleep(d time.Duration)     { atomic.AddInt64(&c.now, int64(d)) }
func (c *virtual) CurrentTimeMillis() uint64 { return uint64(atomic.LoadInt64(&c.now) / 1e6) }
func (c *virtual) CurrentTimeNano() uint64   { return uint64(atomic.LoadInt64(&c.now)) }

type step struct {
	At          int64
	Do          string
	Id          int
	Resource    string
	Args        []interface{}
	Attachments map[string]string
	Failed      bool
}

// replay prints what becomes of each call of a schedule: passed, after which wait, or rejected.
func replay(clock *virtual, path string) {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	start := clock.now
	entries := map[int]*base.SentinelEntry{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var one step
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		if at := start + one.At*1e6; at > clock.now {
			clock.now = at
		}
		if one.Do == "exit" {
			if entry := entries[one.Id]; entry != nil {
				if one.Failed {
					sentinel.TraceError(entry, errors.New("failed"))
				}
				entry.Exit()
			}
			continue
		}
		for place, value := range one.Args {
			if number, is := value.(float64); is {
				one.Args[place] = int(number)
			}
		}
		attachments := map[interface{}]interface{}{}
		for key, value := range one.Attachments {
			attachments[key] = value
		}
		before := clock.now
		entry, blocked := sentinel.Entry(one.Resource, sentinel.WithTrafficType(base.Inbound),
			sentinel.WithArgs(one.Args...), sentinel.WithAttachments(attachments))
		if blocked != nil {
			fmt.Printf("%d rejected 0\n", one.Id)
			continue
		}
		entries[one.Id] = entry
		fmt.Printf("%d passed %d\n", one.Id, clock.now-before)
	}
}

func frozen(startMs int64) *virtual {
	clock := &virtual{now: startMs * 1e6}
	util.SetClock(clock)
	return clock
}
