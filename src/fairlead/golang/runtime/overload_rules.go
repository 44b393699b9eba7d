package fairlead

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// How a process protects itself from more requests than it has the strength for
// (fairlead.policy.overload), as it comes by the wire.

const (
	measureCPU    = "cpu"
	measureMemory = "memory"

	overloadPlain    = "plain"
	overloadBBR      = "bbr"
	overloadKratos   = "kratos-bbr"
	overloadPID      = "pid"
	overloadAdaptive = "adaptive"

	levelHigh = "high"
	levelLow  = "low"

	mostListed    = 256  // paths or values of one list
	longestListed = 1024 // characters of one of them
)

// healthPaths are never rejected: who watches over a process has to hear from it while it sheds.
var healthPaths = []string{
	"/health", "/healthz", "/livez", "/readyz", "/health/*", "/healthz/*", "/livez/*", "/readyz/*",
	"/metrics", "/grpc.health.v1.Health/*",
}

// overloadRule rejects requests while the process, or its container, is too busy.
type overloadRule struct {
	Rule       string         `json:"rule,required"`
	Strategy   string         `json:"strategy,required"`
	Resource   string         `json:"resource"`
	Regex      bool           `json:"regex"`
	Mode       string         `json:"mode"`
	Fallback   fallback       `json:"fallback"`
	Selection  selection      `json:"selection"`
	Measure    string         `json:"measure"`
	Kind       string         `json:"kind"`
	Threshold  float64        `json:"threshold"`
	Exceptions []string       `json:"exceptions"`
	Priorities []priorityRule `json:"priorities"`
}

func (o *overloadRule) usual() {
	o.Resource, o.Mode, o.Fallback = "instance", modeEnforce, usualFallback()
	o.Measure, o.Kind, o.Threshold = measureCPU, overloadPlain, 0.8
}

// priorityRule is requests that are rejected before others, or after them.
type priorityRule struct {
	Level  string   `json:"level,required"`
	Paths  []string `json:"paths"`
	Header string   `json:"header"`
	Values []string `json:"values"`
}

// rule returns what it says as any rule does.
func (o *overloadRule) rule() *rule {
	return &rule{Rule: o.Rule, Strategy: o.Strategy, Resource: o.Resource, Mode: o.Mode, Fallback: o.Fallback}
}

func checkOverload(s *snapshot, r *jsonReading) error {
	if s.OverloadPart == nil {
		return nil
	}
	s.overload = &overloadRule{}
	if err := r.readJSON(s.OverloadPart, s.overload, "overload"); err != nil {
		return err
	}
	if err := s.overload.problem(); err != nil {
		return fmt.Errorf("overload: %s: %w", s.overload.Rule, err)
	}
	return nil
}

// problem returns why it cannot be enforced.
func (o *overloadRule) problem() error {
	switch {
	case o.Mode != modeEnforce && o.Mode != modeSimulate:
		return fmt.Errorf("mode %s is none of on, simulate", pythonText(o.Mode))
	case !isOneOf([]string{overloadPlain, overloadBBR, overloadKratos, overloadPID, overloadAdaptive}, o.Kind),
		o.Measure != measureCPU && o.Measure != measureMemory:
		return fmt.Errorf("strategy %s of %s is unknown", pythonText(o.Kind), pythonText(o.Measure))
	case o.Measure == measureMemory && o.Kind != overloadPlain:
		return fmt.Errorf("strategy %s is not for memory", pythonText(o.Kind))
	case !(0 < o.Threshold && o.Threshold <= 1): // NaN is among what no comparison holds of
		return errors.New("no threshold")
	case o.Fallback.Status < 200 || o.Fallback.Status > 599 || !o.Fallback.canBeSent():
		return errors.New("no response")
	case len(o.Priorities) > mostListed:
		return errors.New("priorities that are unknown")
	}
	lists := [][]string{o.Exceptions}
	for _, one := range o.Priorities {
		if one.Level != levelHigh && one.Level != levelLow {
			return errors.New("priorities that are unknown")
		}
		lists = append(lists, one.Paths, one.Values)
	}
	for _, list := range lists {
		for _, text := range list {
			if utf8.RuneCountInString(text) > longestListed {
				return errors.New("lists of paths or values that are too long")
			}
		}
		if len(list) > mostListed {
			return errors.New("lists of paths or values that are too long")
		}
	}
	return nil
}

// listedPaths are paths as they are asked for, or what they begin with and an asterisk.
type listedPaths struct {
	whole  map[string]bool
	begins []string
}

func newListedPaths(lists ...[]string) *listedPaths {
	l := &listedPaths{whole: map[string]bool{}}
	for _, list := range lists {
		for _, path := range list {
			l.whole[path] = true
			if strings.HasSuffix(path, "*") {
				l.begins = append(l.begins, path[:len(path)-1])
			}
		}
	}
	return l
}

func (l *listedPaths) match(path string) bool {
	if l.whole[path] {
		return true
	}
	for _, one := range l.begins {
		if strings.HasPrefix(path, one) {
			return true
		}
	}
	return false
}

// priority is a priorityRule that is ready to be asked.
type priority struct {
	level  string
	paths  *listedPaths // nil for all
	header headerName
	values []string
}

func prioritiesOf(rules []priorityRule) (found []priority) {
	for _, one := range rules {
		made := priority{level: one.Level, values: one.Values, header: headerNamed(one.Header)}
		if len(one.Paths) > 0 {
			made.paths = newListedPaths(one.Paths)
		}
		found = append(found, made)
	}
	return found
}

// levelOf returns the level of the first priority that a request meets, "" for none.
func levelOf(priorities []priority, path string, header map[string][]string) string {
	for i := range priorities {
		one := &priorities[i]
		if one.paths != nil && !one.paths.match(path) {
			continue
		}
		if one.header.lower != "" && !one.has(header) {
			continue
		}
		return one.level
	}
	return ""
}

func (p *priority) has(header map[string][]string) bool {
	found, there := header[p.header.canonical]
	if !there {
		found, there = header[p.header.lower]
	}
	if !there || len(found) == 0 {
		return false
	}
	return len(p.values) == 0 || isOneOf(p.values, trimSpace(latin(strings.Join(found, ","))))
}
