package fairlead

import (
	"math"
	"sort"
	"strings"
)

// Where instances are, and what it says about who is called: Istio's localityLbSetting
// (fairlead.policy.locality). Distances, wildcards and shares are as Istio works them out for the
// endpoints that it gives Envoy.

// place is where something is; "" for what nobody has said.
type place struct{ region, zone, subZone string }

const (
	regionLabel  = "topology.kubernetes.io/region"
	zoneLabel    = "topology.kubernetes.io/zone"
	subZoneLabel = "topology.istio.io/subzone"

	mostDistances = 5
)

// readPlace returns what zone, region/zone or region/zone/subzone spells.
func readPlace(text string) place {
	if strings.IndexByte(text, '/') < 0 {
		return place{zone: text}
	}
	parts := append(strings.Split(text, "/"), "", "")
	return place{parts[0], parts[1], parts[2]}
}

// within tells whether a place is in region/zone/subzone; what is left out or * is any.
func (p place) within(pattern string) bool {
	parts := append(strings.Split(pattern, "/"), "*", "*")
	return (parts[0] == "*" || parts[0] == p.region) &&
		(parts[1] == "*" || parts[1] == "" || parts[1] == p.zone) &&
		(parts[2] == "*" || parts[2] == "" || parts[2] == p.subZone)
}

// distance returns how far another place is: 0, and 3 for another region.
func (p place) distance(other place) int {
	switch {
	case p.region != other.region:
		return 3
	case p.zone != other.zone:
		return 2
	case p != other:
		return 1
	}
	return 0
}

// callingFrom is who calls.
type callingFrom struct {
	place  place
	labels map[string]string
}

func callerOf(own *workload) *callingFrom {
	c := &callingFrom{place: readPlace(own.Zone), labels: map[string]string{}}
	for _, one := range own.Labels {
		c.labels[one[0]] = one[1]
	}
	c.labels["app"] = own.App
	for key, value := range map[string]string{
		regionLabel: c.place.region, zoneLabel: c.place.zone, subZoneLabel: c.place.subZone,
	} {
		if value != "" {
			c.labels[key] = value
		}
	}
	return c
}

// placing returns what places say about who is called, nil for nothing: who is nearer comes first
// where it is found out who is ill, as nobody would come second else.
func (c *clusterRule) placing() *localityRule {
	rule := c.Locality
	if rule == nil {
		rule = &localityRule{Enabled: true}
	}
	if rule.Enabled && (len(rule.Distribute) > 0 || c.Outlier != nil) {
		return rule
	}
	return nil
}

// near is the endpoints of one side, place by place: by nearness, or each part with its weight.
type near struct {
	parts   [][]*endpoint
	weights []int64
	turns   []int
}

// enough is Envoy's overprovisioning factor.
const enough = 1.4

// nearOf returns a side place by place, nil where all of it is one. Where nobody of it is in a place
// that is to get calls, that is nobody if it is strict, and else all: a lane comes before a place.
func nearOf(all []*endpoint, rule *localityRule, by *callingFrom, strict bool) *near {
	if len(rule.Distribute) > 0 {
		return sharedOf(all, rule, by, strict)
	}
	ranks := make([]int, len(all))
	seen := map[int]bool{}
	for i, one := range all {
		ranks[i] = rule.rank(by, one)
		seen[ranks[i]] = true
	}
	if len(seen) < 2 {
		return nil
	}
	var order []int
	for rank := range seen {
		order = append(order, rank)
	}
	sort.Ints(order)
	found := &near{}
	for _, rank := range order {
		var part []*endpoint
		for i, one := range all {
			if ranks[i] == rank {
				part = append(part, one)
			}
		}
		found.parts = append(found.parts, part)
	}
	return found
}

func (l *localityRule) rank(by *callingFrom, e *endpoint) int {
	matched := l.unmatched(by, e.address)
	if len(l.Labels) > 0 && len(l.Failover) == 0 {
		return matched
	}
	distance := by.place.distance(e.place)
	if distance == 3 {
		for _, one := range l.Failover {
			if one[0] == by.place.region {
				if e.place.region != one[1] {
					distance++
				}
				break
			}
		}
	}
	return matched*mostDistances + distance
}

// unmatched returns how many labels, from the first that is not as it is wanted on.
func (l *localityRule) unmatched(by *callingFrom, address string) int {
	var has []string
	for i := range l.Carried {
		if l.Carried[i].address == address {
			has = l.Carried[i].values
		}
	}
	for i, label := range l.Labels {
		key, wanted, told := strings.Cut(label, "=")
		if !told {
			wanted = by.labels[key]
		}
		value := ""
		if i < len(has) {
			value = has[i]
		}
		if value != wanted {
			return len(l.Labels) - i
		}
	}
	return 0
}

func sharedOf(all []*endpoint, rule *localityRule, by *callingFrom, strict bool) *near {
	var said *distributionRule
	for i := range rule.Distribute {
		if by.place.within(rule.Distribute[i].Source) {
			said = &rule.Distribute[i]
			break
		}
	}
	if said == nil {
		return nil
	}
	var places []place
	byPlace := map[place][]*endpoint{}
	for _, one := range all {
		if byPlace[one.place] == nil {
			places = append(places, one.place)
		}
		byPlace[one.place] = append(byPlace[one.place], one)
	}
	found, taken := &near{}, map[place]bool{}
	for _, to := range said.To {
		found.share(to, places, byPlace, taken)
	}
	if len(found.parts) == 0 && !strict || len(found.parts) == 1 && len(found.parts[0]) == len(all) {
		return nil
	}
	found.turns = turnsOf(found.weights)
	return found
}

// share gives places their weights: one that several share is shared by the weight of who is there.
func (n *near) share(to shareRule, places []place, byPlace map[place][]*endpoint, taken map[place]bool) {
	whole := 0
	var meant []place
	for _, one := range places {
		if !taken[one] && one.within(to.place) {
			meant = append(meant, one)
			whole += len(byPlace[one])
		}
	}
	for _, one := range meant {
		taken[one] = true
		n.parts = append(n.parts, byPlace[one])
		n.weights = append(n.weights, int64(math.Ceil(float64(len(byPlace[one]))*float64(to.percent)/float64(whole))))
	}
}

// turnsOf returns who is next by weights, evenly: as often as they say, once all have been taken.
func turnsOf(weights []int64) (turns []int) {
	whole, common := int64(0), int64(0)
	for _, weight := range weights {
		whole += weight
		for a, b := weight, common; ; a, b = b, a%b {
			if b == 0 {
				common = a
				break
			}
		}
	}
	if common == 0 {
		return nil
	}
	owed := make([]int64, len(weights))
	for range make([]struct{}, whole/common) {
		most := 0
		for i, weight := range weights {
			owed[i] += weight
			if owed[i] > owed[most] {
				most = i
			}
		}
		owed[most] -= whole
		turns = append(turns, most)
	}
	return turns
}

// order returns the parts in the order to try them, where nobody is left out.
func (n *near) order(turn uint64) [][]*endpoint {
	if len(n.turns) == 0 {
		return n.parts
	}
	return ledBy(n.parts, n.turns[turn%uint64(len(n.turns))])
}

// healthy returns the parts in the order to try them, without who is left out. chance, below 1,
// decides which is the first where that is not always the same.
func (n *near) healthy(well [][]*endpoint, chance float64) [][]*endpoint {
	weights, whole := make([]float64, len(well)), 0.0
	for i := range well {
		weights[i] = math.Min(1, enough*float64(len(well[i]))/float64(len(n.parts[i])))
		if n.weights != nil {
			weights[i] *= float64(n.weights[i])
		}
		whole += weights[i]
	}
	if n.weights == nil {
		whole = math.Min(1, whole)
	}
	left := chance * whole
	for i, weight := range weights {
		if left -= weight; left < 0 {
			return ledBy(well, i)
		}
	}
	return well
}

// ledBy returns parts with one of them first.
func ledBy(parts [][]*endpoint, first int) [][]*endpoint {
	found := append([][]*endpoint{parts[first]}, parts[:first]...)
	return append(found, parts[first+1:]...)
}
