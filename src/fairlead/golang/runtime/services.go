package fairlead

import (
	"math/rand"
	"strings"
	"sync/atomic"
)

// Who can be called by name (fairlead.flow.route): the endpoints of a lane, then base; never a lane
// for base traffic. For a lane that has shadows in the callee's namespace, only endpoints that are fit
// for them: the others could write its rows to base (contract 12).

// services are the apps that can be called by name: as app in the workload's own namespace, and as
// app.namespace anywhere. The letters' case does not matter.
type services struct {
	callees map[string]*callee
	ruled   bool // whether rules are about how apps are called: deadlines are passed on then
}

// callee is one app, as the workload that calls sees it.
type callee struct {
	key      string // app.namespace
	resource string // call:APP, or call:APP.NAMESPACE in another namespace, however it is called
	name     naming // the same
	methods  table[string, naming]
	onBase   atomic.Pointer[edgeCount]
	caller   string // what the workload is to the callee
	grpc     bool   // whether a call of gRPC may be for it: not where all of its endpoints speak HTTP
	pools    map[string]*pool
	ways     *ways // what rules say of its calls, nil for nothing
}

// mostMethods of gRPC are kept of one app: the names of more are made each time.
const mostMethods = 1024

// called returns the resource that a call is of: of gRPC, its method.
func (c *callee) called(out *Outbound) *naming {
	if !out.GRPC {
		return &c.name
	}
	if found := c.methods.find(out.Path); found != nil {
		return found
	}
	made := func(path string) *naming { return &naming{name: c.resource + ":" + path} }
	if len(c.methods.all()) >= mostMethods {
		return made(out.Path)
	}
	return c.methods.add(out.Path, out.Path, mostMethods, made)
}

// edge returns the count of calls with a label that went to a lane.
func (c *callee) edge(label, lane string) *edgeCount {
	if label != "" || lane != "" {
		return edgeOf(c.resource, label, lane)
	}
	found := c.onBase.Load()
	if found == nil {
		found = edgeOf(c.resource, "", "")
		c.onBase.Store(found)
	}
	return found
}

// pool is the endpoints that may serve one lane: first, and then base.
type pool struct {
	first, base []*endpoint
	unfit       [][2]string // addresses that are left out, with the reasons
	turns       atomic.Uint64
	warms       bool // whether some endpoints are new and others are not
}

// endpoint is one instance.
type endpoint struct {
	address string
	lane    string
	place   place
	warmup  int64 // nanoseconds over which its share of calls grows, 0 for one that has been there
	rule    *endpointRule
}

// hasRPC tells whether a call of gRPC to a name may be for an app.
func (s *services) hasRPC(name string) bool {
	found := s.callees[name]
	return found != nil && found.grpc
}

func newServices(s *snapshot) *services {
	found := &services{callees: map[string]*callee{}}
	seeWarming(s)
	for i := range s.Services {
		rule := &s.Services[i]
		one := newCallee(rule, &s.Workload)
		found.callees[one.key] = one
		if rule.Host != nil {
			found.callees[*rule.Host] = one
		}
	}
	// Names of the own namespace are entered last: an app may be called like another's
	// "app.namespace", and the short name is the one its neighbours mean.
	for i := range s.Services {
		rule := &s.Services[i]
		if rule.Namespace == s.Workload.Namespace && rule.Host == nil {
			found.callees[strings.ToLower(rule.App)] = found.callees[serviceKey(rule)]
		}
	}
	if s.Calls != nil && s.Governance == governanceOn {
		found.ruled = true
		found.rule(s)
	}
	return found
}

func serviceKey(s *serviceRule) string { return strings.ToLower(s.App + "." + s.Namespace) }

func newCallee(s *serviceRule, own *workload) *callee {
	c := &callee{key: serviceKey(s), pools: map[string]*pool{}, grpc: len(s.Endpoints) == 0}
	switch {
	case s.Host != nil:
		// Who calls is nothing that somebody outside the mesh has to know.
		c.resource = "call:" + *s.Host
	case s.Namespace == own.Namespace:
		c.resource, c.caller = "call:"+strings.ToLower(s.App), own.App
	default:
		c.resource = "call:" + c.key
		if own.App != "" {
			c.caller = own.App + "." + own.Namespace
		}
	}
	c.name.name = c.resource
	byLane := map[string][]*endpoint{}
	for i := range s.Endpoints {
		rule := &s.Endpoints[i]
		one := &endpoint{address: rule.Address, lane: rule.Lane, place: readPlace(rule.Zone), rule: rule}
		if rule.Warmup != nil {
			one.warmup = nanoseconds(*rule.Warmup)
		}
		c.grpc = c.grpc || rule.Protocol == nil || *rule.Protocol != "http"
		byLane[one.lane] = append(byLane[one.lane], one)
	}
	base := byLane[""]
	c.pools[""] = newPool(nil, base)
	for lane, first := range byLane {
		if lane != "" {
			c.pools[lane] = newPool(first, base)
		}
	}
	tables, databases := setOf(s.TableLanes), setOf(s.DatabaseLanes)
	for _, lanes := range [][]string{s.TableLanes, s.DatabaseLanes} {
		for _, lane := range lanes {
			c.pools[lane] = shadowPool(byLane[lane], base, tables[lane], databases[lane])
		}
	}
	return c
}

func newPool(first, base []*endpoint) *pool {
	p := &pool{first: first, base: base, warms: warmingAmong(first)}
	if len(first) == 0 {
		p.warms = warmingAmong(base)
	}
	// A random turn, or every caller would send its first call to the same instance.
	p.turns.Store(uint64(rand.Int31()))
	return p
}

// shadowPool returns who of a lane, and then of base, is fit for what the lane has in shadow.
func shadowPool(first, base []*endpoint, tables, databases bool) *pool {
	var unfit [][2]string
	fit := func(all []*endpoint) (kept []*endpoint) {
		for _, one := range all {
			reason := one.unfit(tables, databases)
			if reason == "" {
				kept = append(kept, one)
			} else {
				unfit = append(unfit, [2]string{one.address, reason})
			}
		}
		return kept
	}
	p := newPool(fit(first), fit(base))
	p.unfit = unfit
	return p
}

func (e *endpoint) unfit(tables, databases bool) string {
	if tables && e.rule.UnfitTables != nil && *e.rule.UnfitTables != "" {
		return *e.rule.UnfitTables
	}
	if databases && e.rule.UnfitDatabases != nil {
		return *e.rule.UnfitDatabases
	}
	return ""
}

// pool returns the endpoints for a lane. A lane without instances is base here: labels come from the
// network, and must not pile up.
func (c *callee) pool(lane string) *pool {
	if found, ok := c.pools[lane]; ok {
		return found
	}
	return c.pools[""]
}

// order appends the endpoints in the order of the next turn, as many as there is room for.
func (p *pool) order(to []*endpoint) []*endpoint {
	turn := int(p.turns.Add(1) & (1<<62 - 1))
	start := len(to)
	to = rotated(to, p.first, turn)
	if size := len(p.first); size > 0 {
		to = rotated(to, p.base, turn/size)
	} else {
		to = rotated(to, p.base, turn)
	}
	if p.warms {
		p.spare(to[start:], turn)
	}
	return to
}

// spare has a new endpoint pass some of its turns on, to one after the other of those that are warm,
// or the neighbour would get them all.
func (p *pool) spare(order []*endpoint, turn int) {
	side := p.first
	if len(side) == 0 {
		side = p.base
	}
	if len(order) == 0 || warmShare(order[0]) > rand.Float64() {
		return
	}
	var warm []*endpoint
	for _, one := range side {
		if warmShare(one) >= 1 {
			warm = append(warm, one)
		}
	}
	if len(warm) == 0 {
		return
	}
	chosen := warm[turn/len(side)%len(warm)]
	for i, one := range order {
		if one == chosen {
			copy(order[1:i+1], order[:i])
			order[0] = chosen
			return
		}
	}
	order[0] = chosen
}

func rotated(to, all []*endpoint, turn int) []*endpoint {
	for i := range all {
		if len(to) == cap(to) {
			return to
		}
		to = append(to, all[(turn+i)%len(all)])
	}
	return to
}
