// Loads each file of a directory into sentinel-golang, and says how many rules it keeps.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	sentinel "github.com/alibaba/sentinel-golang/api"
	"github.com/alibaba/sentinel-golang/core/circuitbreaker"
	"github.com/alibaba/sentinel-golang/core/config"
	"github.com/alibaba/sentinel-golang/core/flow"
	"github.com/alibaba/sentinel-golang/core/hotspot"
	"github.com/alibaba/sentinel-golang/core/isolation"
	"github.com/alibaba/sentinel-golang/ext/datasource"
)

func main() {
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
	if !good {
		os.Exit(1)
	}
}
