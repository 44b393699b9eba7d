package fairlead

import (
	"math"
	"math/rand"
	"strconv"
	"sync"
	"sync/atomic"
)

// Chooses the instance that a call is sent to, among those that its lane and its subset allow
// (fairlead.flow.balance). The lane comes first: what is chosen among is what lanes and shadows leave,
// then the subset, and then places. Who is left out for its failures, and who has just failed this
// call, is chosen where there is nobody else.

// spareEndpoints are tried after the chosen one, of each side.
const spareEndpoints = 2

// standing is what one cluster keeps over snapshots.
type standing struct {
	hosts  instances
	turns  atomic.Uint64
	places atomic.Uint64 // turns of places that have shares
	salt   string        // what stands for the address that this process calls from
	lock   sync.Mutex
	tables map[string]hashTable
}

func newStanding(app string) *standing {
	s := &standing{salt: strconv.FormatFloat(rand.Float64(), 'g', -1, 64), tables: map[string]hashTable{}}
	s.hosts.app = app
	s.turns.Store(uint64(rand.Int31()))
	s.places.Store(uint64(rand.Int31()))
	return s
}

// choice is who may be called of one cluster.
type choice struct {
	cluster  *clusterRule
	standing *standing
	pools    map[string]*sides
	warms    bool
}

// sides are who serves one lane, the lane's own and base; placed by what is near where that counts.
type sides struct {
	first, base side
	unfit       [][2]string
}

type side struct {
	all   []*endpoint
	near  *near                  // nil where all of it is in one place
	table map[string]hashTable   // by part; nil without a hash
	parts map[string][]*endpoint // what a table's positions are of
}

func newChoice(c *callee, cluster *clusterRule, s *standing, by *callingFrom) *choice {
	found := &choice{cluster: cluster, standing: s, pools: map[string]*sides{}}
	var within map[string]bool
	if cluster.Addresses != nil {
		within = setOf(*cluster.Addresses)
	}
	rule := cluster.placing()
	for lane, pool := range c.pools {
		one := &sides{unfit: pool.unfit}
		one.first.all = endpointsWithin(pool.first, within)
		one.base.all = endpointsWithin(pool.base, within)
		if rule != nil {
			one.first.near = nearOf(one.first.all, rule, by, false)
			one.base.near = nearOf(one.base.all, rule, by, lane == "")
		}
		found.pools[lane] = one
	}
	if cluster.Balance.hashed() {
		found.hash()
	} else if cluster.Balance.Algorithm != randomChoice {
		found.warms = cluster.Balance.Warmup != nil
		found.each(func(one *endpoint) { found.warms = found.warms || one.warmup > 0 })
	}
	return found
}

func endpointsWithin(all []*endpoint, within map[string]bool) []*endpoint {
	if within == nil {
		return all
	}
	var kept []*endpoint
	for _, one := range all {
		if within[one.address] {
			kept = append(kept, one)
		}
	}
	return kept
}

func (c *choice) each(do func(*endpoint)) {
	for _, pool := range c.pools {
		for _, one := range pool.first.all {
			do(one)
		}
		for _, one := range pool.base.all {
			do(one)
		}
	}
}

// addresses returns those of its instances.
func (c *choice) addresses() (found []string) {
	seen := map[string]bool{}
	c.each(func(one *endpoint) {
		if !seen[one.address] {
			seen[one.address] = true
			found = append(found, one.address)
		}
	})
	return found
}

func (c *choice) lane(lane string) *sides {
	if found, ok := c.pools[lane]; ok {
		return found
	}
	return c.pools[""]
}

// serves tells whether there is an instance for a lane.
func (c *choice) serves(lane string) bool {
	pool := c.lane(lane)
	return len(pool.first.all)+len(pool.base.all) > 0
}

func (c *choice) unfit(lane string) [][2]string {
	if pool := c.pools[lane]; pool != nil {
		return pool.unfit
	}
	return nil
}

// candidates returns the endpoints to try: the chosen one, others of its lane, then base's.
func (c *choice) candidates(call *Call, tried []string) []*endpoint {
	pool := c.lane(call.lane)
	if pool.first.near != nil || pool.base.near != nil {
		return c.byPlace(pool, call, tried)
	}
	groups := [][]*endpoint{pool.first.all, pool.base.all}
	if c.standing.hosts.look() {
		groups = append(c.well(groups), c.ill(groups))
	}
	return c.ordered(groups, call, tried)
}

// ordered returns who of the first group that has anybody is chosen, and others behind him.
func (c *choice) ordered(groups [][]*endpoint, call *Call, tried []string) (order []*endpoint) {
	for _, group := range groups {
		switch {
		case len(group) == 0:
		case order == nil:
			order = c.choose(group, call, tried)
		default:
			order = append(order, c.some(group)...)
		}
	}
	return order
}

func (c *choice) well(groups [][]*endpoint) (kept [][]*endpoint) {
	for _, group := range groups {
		kept = append(kept, c.those(group, false))
	}
	return kept
}

func (c *choice) ill(groups [][]*endpoint) (found []*endpoint) {
	for _, group := range groups {
		found = append(found, c.those(group, true)...)
	}
	return found
}

func (c *choice) those(group []*endpoint, out bool) (found []*endpoint) {
	for _, one := range group {
		if c.standing.hosts.out(one.address) == out {
			found = append(found, one)
		}
	}
	return found
}

func (c *choice) choose(group []*endpoint, call *Call, tried []string) []*endpoint {
	if c.cluster.Balance.hashed() {
		if key, there := c.key(call); there {
			return c.led(group, hashOf(key))
		}
	}
	if fresh := untried(group, tried); len(fresh) > 0 {
		group = fresh
	}
	return behind(group, c.pick(group))
}

func untried(group []*endpoint, tried []string) (fresh []*endpoint) {
	if len(tried) == 0 {
		return group
	}
	for _, one := range group {
		if !contains(tried, one.address) {
			fresh = append(fresh, one)
		}
	}
	return fresh
}

func contains(texts []string, text string) bool {
	for _, one := range texts {
		if one == text {
			return true
		}
	}
	return false
}

// behind returns the chosen one and who comes after him.
func behind(group []*endpoint, chosen int) []*endpoint {
	count := min(len(group), spareEndpoints+1)
	found := make([]*endpoint, 0, count+spareEndpoints+1)
	for turn := 0; turn < count; turn++ {
		found = append(found, group[(chosen+turn)%len(group)])
	}
	return found
}

func (c *choice) some(group []*endpoint) []*endpoint {
	if len(group) <= spareEndpoints+1 {
		return group
	}
	return behind(group, rand.Intn(len(group)))
}

func (c *choice) pick(group []*endpoint) int {
	if len(group) == 1 {
		return 0
	}
	chosen := c.algorithm(group)
	if !c.warms {
		return chosen
	}
	if share := c.share(group[chosen]); share < 1 {
		var warm []int
		for i, one := range group {
			if c.share(one) >= 1 {
				warm = append(warm, i)
			}
		}
		if len(warm) > 0 && share <= rand.Float64() {
			return warm[rand.Intn(len(warm))]
		}
	}
	return chosen
}

func (c *choice) algorithm(group []*endpoint) int {
	size := len(group)
	switch c.cluster.Balance.Algorithm {
	case leastRequest:
		one, other := rand.Intn(size), rand.Intn(size-1)
		if other >= one {
			other++
		}
		known := c.standing.hosts.all()
		left, right := known[group[one].address], known[group[other].address]
		if left != nil && right != nil && left.active.Load() > right.active.Load() {
			return other
		}
		return one
	case randomChoice, ringHash, maglevHash:
		return rand.Intn(size)
	}
	return int(c.standing.turns.Add(1) % uint64(size))
}

// share returns how much of an equal share an endpoint is to get.
func (c *choice) share(e *endpoint) float64 {
	share, rule := warmShare(e), c.cluster.Balance.Warmup
	one := c.standing.hosts.all()[e.address]
	if rule == nil || one == nil || one.since == 0 {
		return share
	}
	age := float64(clock()-one.since) / 1e9
	if age >= rule.Duration {
		return share
	}
	grown := math.Pow(math.Max(0, age/rule.Duration), 1/rule.Aggression)
	return math.Min(share, math.Max(rule.Least/100, grown))
}

// key returns what a call is told apart by, where instances are chosen by a hash.
func (c *choice) key(call *Call) (string, bool) {
	balance := &c.cluster.Balance
	switch balance.Key {
	case "header", "cookie", "query":
		one, _, known := (*departing)(call).value(&param{Source: balance.Key, Name: balance.Name})
		return one, known
	}
	return c.standing.salt, true
}
