package fairlead

import (
	"fmt"
	"math"
	"strings"
)

// Rules about the calls that a workload makes by app names (fairlead.policy.calls). Each field means
// what it means in Istio's DestinationRule, and in Envoy.

// callRules are rules about calls, by app. That there are any says that deadlines are passed on.
type callRules struct {
	Callees []calleeRules `json:"callees"`
}

type calleeRules struct {
	Namespace string        `json:"namespace,required"`
	App       string        `json:"app,required"`
	Host      string        `json:"host"` // its full name, as clusters of routes have it
	Routes    []routeRule   `json:"routes"`
	Clusters  []clusterRule `json:"clusters"` // the one without a name is every instance
}

// clusterRule is instances of an app, and how they are called.
type clusterRule struct {
	Subset       string        `json:"subset"`
	Rule         string        `json:"rule"`
	Addresses    *[]string     `json:"addresses"` // nil for all of the app's
	Balance      balanceRule   `json:"balance"`
	Outlier      *outlierRule  `json:"outlier"`
	Locality     *localityRule `json:"locality"`
	Budget       budgetRule    `json:"budget"`
	MostRequests int64         `json:"most_requests"`
	Connect      float64       `json:"connect"`
}

func (c *clusterRule) usual() { c.Balance.usual(); c.Budget.usual() }

const (
	roundRobin   = "ROUND_ROBIN"
	randomChoice = "RANDOM"
	leastRequest = "LEAST_REQUEST"
	ringHash     = "RING_HASH"
	maglevHash   = "MAGLEV"
)

type balanceRule struct {
	Algorithm string      `json:"algorithm"`
	Key       string      `json:"key"`
	Name      string      `json:"name"`
	Size      int64       `json:"size"`
	Warmup    *warmupRule `json:"warmup"`
}

func (b *balanceRule) usual() { b.Algorithm = roundRobin }

func (b *balanceRule) hashed() bool { return b.Algorithm == ringHash || b.Algorithm == maglevHash }

type warmupRule struct {
	Duration   float64 `json:"duration,required"`
	Least      float64 `json:"least"`
	Aggression float64 `json:"aggression"`
}

func (w *warmupRule) usual() { w.Least, w.Aggression = 10, 1 }

type outlierRule struct {
	Consecutive5xx     int64   `json:"consecutive_5xx"`
	ConsecutiveGateway int64   `json:"consecutive_gateway_errors"`
	ConsecutiveLocal   int64   `json:"consecutive_local_failures"`
	Interval           float64 `json:"interval"`
	BaseEjection       float64 `json:"base_ejection"`
	LongestEjection    float64 `json:"longest_ejection"`
	MostEjected        float64 `json:"most_ejected"`
	LeastHealthy       float64 `json:"least_healthy"`
}

func (o *outlierRule) usual() {
	*o = outlierRule{Consecutive5xx: 5, Interval: 10, BaseEjection: 30, LongestEjection: 300, MostEjected: 10}
}

type budgetRule struct {
	Percent float64 `json:"percent"`
	Least   int64   `json:"least"`
	Most    *int64  `json:"most"`
}

func (b *budgetRule) usual() { b.Percent, b.Least = 20, 3 }

// localityRule is what it says about who is called where instances are: Istio's localityLbSetting.
type localityRule struct {
	Enabled    bool               `json:"enabled"`
	Distribute []distributionRule `json:"distribute"`
	Failover   [][2]string        `json:"failover"`
	Labels     []string           `json:"labels"`
	Carried    []carriedRule      `json:"carried"`
}

func (l *localityRule) usual() { l.Enabled = true }

type distributionRule struct {
	Source string      `json:"source,required"`
	To     []shareRule `json:"to,required"`
}

type shareRule struct {
	place   string
	percent int64
}

func (s *shareRule) readJSON(value any, path string, r *jsonReading) error {
	return r.readPair(value, path, &s.place, &s.percent)
}

type carriedRule struct {
	address string
	values  []string
}

func (c *carriedRule) readJSON(value any, path string, r *jsonReading) error {
	return r.readPair(value, path, &c.address, &c.values)
}

// readPair reads a list of two things of different kinds.
func (r *jsonReading) readPair(value any, path string, first, second any) error {
	list, ok := value.([]any)
	if !ok {
		return jsonExpected("list", value, path)
	}
	if len(list) != 2 {
		return fmt.Errorf("%s: expected 2 items, got %d", path, len(list))
	}
	if err := r.readJSON(list[0], first, path+"[0]"); err != nil {
		return err
	}
	return r.readJSON(list[1], second, path+"[1]")
}

const (
	longestBalanceTime = 366 * 86_400.0
	longestCallTime    = 86_400.0
	most32             = 1 << 32
)

// keepSound takes away what cannot be enforced (fairlead.policy.sound): of an object with a bad route
// none is used, or its calls would be those of a later route; a bad cluster keeps its instances,
// which are called as if nothing were said of how.
func (c *callRules) keepSound(r *jsonReading) {
	for i := range c.Callees {
		one := &c.Callees[i]
		where := fmt.Sprintf("calls: %s.%s: ", one.App, one.Namespace)
		bad := map[string]bool{}
		for j := range one.Routes {
			if found := one.Routes[j].problem(); found != "" {
				r.refuse(where + one.Routes[j].Name + ": " + found)
				bad[one.Routes[j].object()] = true
			}
		}
		kept := one.Routes[:0]
		for _, route := range one.Routes {
			if !bad[route.object()] {
				kept = append(kept, route)
			}
		}
		one.Routes = kept
		for j := range one.Clusters {
			cluster := &one.Clusters[j]
			if found := cluster.problem(); found != "" {
				r.refuse(where + cluster.Rule + ": " + found)
				bare := clusterRule{Subset: cluster.Subset, Addresses: cluster.Addresses}
				bare.usual()
				*cluster = bare
			}
		}
	}
}

// check returns an error where an app or a subset is listed twice.
func (c *callRules) check() error {
	seen := map[[2]string]bool{}
	for i := range c.Callees {
		one := &c.Callees[i]
		if seen[[2]string{one.Namespace, one.App}] {
			return fmt.Errorf("calls: %s.%s: listed twice", one.App, one.Namespace)
		}
		seen[[2]string{one.Namespace, one.App}] = true
		subsets := map[string]bool{}
		for _, cluster := range one.Clusters {
			if subsets[cluster.Subset] {
				return fmt.Errorf("calls: %s.%s: a subset is listed twice", one.App, one.Namespace)
			}
			subsets[cluster.Subset] = true
		}
	}
	return nil
}

// object is the kind and name that a route was made of.
func (r *routeRule) object() string {
	name, _, _ := strings.Cut(r.Name, " ")
	return name
}

// problem returns why a cluster cannot be called as it says, "" where it can.
func (c *clusterRule) problem() string {
	b := &c.Balance
	switch b.Algorithm {
	case roundRobin, randomChoice, leastRequest:
	case ringHash, maglevHash:
		switch b.Key {
		case "header", "cookie", "query", "source-ip":
		default:
			return fmt.Sprintf("key %s is unknown", pythonText(b.Key))
		}
	default:
		return fmt.Sprintf("algorithm %s is unknown", pythonText(b.Algorithm))
	}
	most := int64(5_000_011)
	if b.Algorithm == ringHash {
		most = 65_536
	}
	switch w, budget := b.Warmup, &c.Budget; {
	case b.Size < 0 || b.Size > most:
		return "no size of a table"
	case w != nil && !(w.Duration > 0 && w.Duration <= longestBalanceTime &&
		isPercent(w.Least) && w.Aggression > 0 && w.Aggression <= 100):
		return "no warm-up"
	case !isPercent(budget.Percent) || budget.Least < 0 || budget.Least > 1_000_000:
		return "no budget"
	case budget.Most != nil && !is32(*budget.Most):
		return "no budget"
	case !is32(c.MostRequests) || !(c.Connect >= 0 && c.Connect <= longestBalanceTime):
		return "no limits of connections"
	}
	if c.Locality != nil {
		if found := c.Locality.problem(); found != "" {
			return found
		}
	}
	if c.Outlier != nil {
		return c.Outlier.problem()
	}
	return ""
}

func (l *localityRule) problem() string {
	for _, one := range l.Distribute {
		for _, to := range one.To {
			if to.percent <= 0 || to.percent > 100 {
				return "no share of a place"
			}
		}
	}
	for _, one := range l.Carried {
		if len(one.values) != len(l.Labels) {
			return "labels of instances are not those that are asked"
		}
	}
	return ""
}

func (o *outlierRule) problem() string {
	for _, time := range []float64{o.Interval, o.BaseEjection, o.LongestEjection} {
		if !(time > 0 && time <= longestBalanceTime) {
			return "no time to be left out"
		}
	}
	counts := is32(o.Consecutive5xx) && is32(o.ConsecutiveGateway) && is32(o.ConsecutiveLocal)
	if !isPercent(o.MostEjected) || !isPercent(o.LeastHealthy) || !counts {
		return "no outlier"
	}
	return ""
}

func isPercent(share float64) bool { return share >= 0 && share <= 100 }
func is32(count int64) bool        { return count >= 0 && count < most32 }

// nanoseconds returns a time that a rule gives in seconds.
func nanoseconds(seconds float64) int64 {
	return int64(math.Min(seconds, longestBalanceTime) * 1e9)
}
