package fairlead

import (
	"strings"
	"sync"
)

// What rules say of the calls of one app: by the first of its routes that a call matches
// (fairlead.flow.deciding, fairlead.flow.calling). Made ready by the first call: a process calls few
// of the apps that it knows.

const clusterDomain = ".svc.cluster.local"

// ways are those of one app.
type ways struct {
	rules    *calleeRules
	callee   *callee
	services *services
	by       *callingFrom
	attempts *callAttempts
	usual    *reachable
	made     sync.Once
	routes   []way
}

// way is what is done with the calls of one route.
type way struct {
	compiledRoute
	timeout    int64
	conditions *conditions // nil where nothing is repeated
	parts      []wayPart
	total      int64
	mirrors    []wayMirror
	answer     *answerRule // a rule answers itself
}

// wayPart is one cluster of a route.
type wayPart struct {
	rule     *weightedRule
	reach    *reachable // nil where nobody describes it
	instead  *reachable
	missing  *unreachable
	changing *changing
}

type wayMirror struct {
	rule  *mirrorRule
	reach *reachable
}

// reachable is how the instances of one cluster are reached.
type reachable struct {
	choice   *choice
	standing *standing
	attempts *callAttempts
	host     string // who is called in the place of the one that was, "" where that is the same
	caller   string // what this workload is to them
}

// rule has the calls of apps made as rules say.
func (s *services) rule(snapshot *snapshot) {
	by := callerOf(&snapshot.Workload)
	keep := map[[3]string]bool{}
	for i := range snapshot.Calls.Callees {
		rules := &snapshot.Calls.Callees[i]
		found := s.callees[strings.ToLower(rules.App+"."+rules.Namespace)]
		if found == nil {
			continue
		}
		found.ways = &ways{rules: rules, callee: found, services: s, by: by}
		keep[[3]string{rules.Namespace, rules.App, ""}] = true
		for _, cluster := range rules.Clusters {
			keep[[3]string{rules.Namespace, rules.App, cluster.Subset}] = true
		}
	}
	for _, one := range snapshot.Services {
		keep[[3]string{one.Namespace, one.App, ""}] = true
	}
	kept.forget(keep)
	for _, one := range s.callees {
		if one.ways != nil && one.ways.usual == nil {
			one.ways.begin()
		}
	}
}

// begin finds how all instances of the app are reached.
func (w *ways) begin() {
	w.attempts = kept.attemptsOf(w.rules.Namespace, w.rules.App)
	usual := w.cluster("")
	w.attempts.lock.Lock()
	w.attempts.rule = usual.Budget
	w.attempts.lock.Unlock()
	w.usual = w.reach(usual)
}

// cluster returns what is said of a subset, nil for one that nobody describes.
func (w *ways) cluster(subset string) *clusterRule {
	for i := range w.rules.Clusters {
		if w.rules.Clusters[i].Subset == subset {
			return &w.rules.Clusters[i]
		}
	}
	if subset != "" {
		return nil
	}
	everybody := &clusterRule{}
	everybody.usual()
	return everybody
}

func (w *ways) reach(cluster *clusterRule) *reachable {
	s := kept.standingOf(w.rules.Namespace, w.rules.App, cluster.Subset)
	found := &reachable{choice: newChoice(w.callee, cluster, s, w.by), standing: s, attempts: w.attempts}
	s.hosts.apply(cluster.Outlier, found.choice.addresses())
	s.hosts.lock.Lock()
	s.hosts.most, s.hosts.connect, s.hosts.named = cluster.MostRequests, nanoseconds(cluster.Connect), cluster.Rule
	s.hosts.lock.Unlock()
	return found
}

// reaching returns how a cluster is reached, by the name that it has in routes, outbound|80|v2|HOST;
// nil where nobody describes it.
func (w *ways) reaching(name string) *reachable {
	parts := strings.Split(name, "|")
	if len(parts) != 4 {
		return nil
	}
	subset, host := parts[2], parts[3]
	key := lowerText(strings.TrimSuffix(host, clusterDomain))
	other := w.services.callees[key]
	if host == w.rules.Host || other == w.callee {
		return w.subset(subset)
	}
	if other == nil {
		return nil
	}
	theirs := other.ways
	if theirs == nil {
		at := strings.LastIndexByte(other.key, '.')
		rules := &calleeRules{App: other.key[:at], Namespace: other.key[at+1:]}
		theirs = &ways{rules: rules, callee: other, services: w.services, by: w.by}
		theirs.attempts = kept.attemptsOf(rules.Namespace, rules.App)
	}
	found := theirs.subset(subset)
	if found == nil {
		return nil
	}
	moved := *found
	moved.host, moved.caller = key, other.caller
	return &moved
}

func (w *ways) subset(subset string) *reachable {
	cluster := w.cluster(subset)
	if cluster == nil {
		return nil
	}
	if subset == "" && w.usual != nil {
		return w.usual
	}
	return w.reach(cluster)
}

// make makes the routes ready.
func (w *ways) make() {
	routes, err := compileRoutes(w.rules.Routes)
	if err != nil {
		fault("routes", err) // the checks of a snapshot refuse those
		return
	}
	w.routes = make([]way, len(routes))
	for i := range routes {
		w.routes[i] = w.way(routes[i])
	}
}

func (w *ways) way(route compiledRoute) way {
	made := way{compiledRoute: route}
	rule := route.rule
	if rule.Timeout != nil {
		made.timeout = nanoseconds(*rule.Timeout)
	}
	if rule.Retry != nil && rule.Retry.Attempts > 0 {
		made.conditions = conditionsOf(rule.Retry)
	}
	forward := rule.Action.forward
	switch {
	case rule.Action.answer != nil:
		made.answer = rule.Action.answer
	case rule.Action.redirect != nil:
	case forward == nil || len(forward.Clusters) == 0:
		made.answer = &answerRule{Status: 503}
	default:
		for i := range forward.Clusters {
			one := &forward.Clusters[i]
			if one.Weight > 0 || len(forward.Clusters) == 1 {
				made.parts = append(made.parts, w.part(&made, one))
				made.total += one.Weight
			}
		}
		for i := range forward.Mirrors {
			one := &forward.Mirrors[i]
			if reach := w.reaching(one.Cluster); reach != nil {
				made.mirrors = append(made.mirrors, wayMirror{one, reach})
			}
		}
	}
	return made
}

func (w *ways) part(route *way, one *weightedRule) wayPart {
	part := wayPart{rule: one, reach: w.reaching(one.Cluster), changing: changingOf(route, one)}
	if one.Fallback != "" {
		part.instead = w.reaching(one.Fallback)
	}
	if name := strings.Split(one.Cluster, "|"); part.reach == nil && len(name) == 4 {
		part.missing = &unreachable{app: strings.TrimSuffix(name[3], clusterDomain), subset: name[2]}
	}
	return part
}

// drawn returns one of a route's clusters, by weight.
func (w *way) drawn(dice float64) *wayPart {
	left := dice * float64(w.total)
	for i := range w.parts {
		if left -= float64(w.parts[i].rule.Weight); left < 0 {
			return &w.parts[i]
		}
	}
	return &w.parts[len(w.parts)-1]
}

// taken returns who is called for a part on a lane: another one where it has no instance.
func (p *wayPart) taken(lane string) *reachable {
	if p.instead != nil && (p.reach == nil || !p.reach.choice.serves(lane)) {
		return p.instead
	}
	return p.reach
}
