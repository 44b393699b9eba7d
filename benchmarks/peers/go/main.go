// What sentinel-golang needs for one call that passes. Answers each line "CASE OPERATIONS" with the
// nanoseconds of one operation: the median of slices.
package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"time"

	sentinel "github.com/alibaba/sentinel-golang/api"
	"github.com/alibaba/sentinel-golang/core/circuitbreaker"
	"github.com/alibaba/sentinel-golang/core/config"
	"github.com/alibaba/sentinel-golang/core/flow"
	"github.com/alibaba/sentinel-golang/core/isolation"
)

const (
	slices = 20
	warmUp = time.Second
)

var resources = map[string]string{
	"sentinel_go_0": "rules-0",
	"sentinel_go_1": "rules-1",
	"sentinel_go_5": "rules-5",
}

func main() {
	must(sentinel.InitWithConfig(settings(os.Args[1])))
	loadRules()
	for _, resource := range resources {
		for end := time.Now().Add(warmUp); time.Now().Before(end); {
			batch(resource, 1000)
		}
	}
	fmt.Println("sentinel_go_0 sentinel_go_1 sentinel_go_5")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var name string
		var operations int
		_, err := fmt.Sscan(lines.Text(), &name, &operations)
		must(err)
		fmt.Println(median(resources[name], operations))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func settings(logs string) *config.Entity {
	entity := config.NewDefaultConfig()
	entity.Sentinel.App.Name = "peers"
	entity.Sentinel.Log.Dir = logs
	return entity
}

func loadRules() {
	_, err := flow.LoadRules([]*flow.Rule{
		rate("rules-1", 1e9), rate("rules-5", 1e9), rate("rules-5", 2e9),
	})
	must(err)
	_, err = isolation.LoadRules([]*isolation.Rule{
		{Resource: "rules-5", MetricType: isolation.Concurrency, Threshold: 1000000},
	})
	must(err)
	_, err = circuitbreaker.LoadRules([]*circuitbreaker.Rule{
		breaker(circuitbreaker.SlowRequestRatio), breaker(circuitbreaker.ErrorRatio),
	})
	must(err)
}

func rate(resource string, most float64) *flow.Rule {
	return &flow.Rule{
		Resource: resource, Threshold: most, StatIntervalInMs: 1000,
		TokenCalculateStrategy: flow.Direct, ControlBehavior: flow.Reject,
	}
}

func breaker(strategy circuitbreaker.Strategy) *circuitbreaker.Rule {
	return &circuitbreaker.Rule{
		Resource: "rules-5", Strategy: strategy, Threshold: 0.5, MaxAllowedRtMs: 1000,
		RetryTimeoutMs: 10000, MinRequestAmount: 5, StatIntervalMs: 1000,
	}
}

func batch(resource string, operations int) {
	for operation := 0; operation < operations; operation++ {
		entry, blocked := sentinel.Entry(resource)
		if blocked != nil {
			panic(blocked)
		}
		entry.Exit()
	}
}

func median(resource string, operations int) float64 {
	found := make([]float64, slices)
	batch(resource, operations)
	for slice := range found {
		began := time.Now()
		batch(resource, operations)
		found[slice] = float64(time.Since(began).Nanoseconds()) / float64(operations)
	}
	sort.Float64s(found)
	return (found[slices/2-1] + found[slices/2]) / 2
}
