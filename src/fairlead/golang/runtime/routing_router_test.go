package fairlead

import (
	"fmt"
	"regexp"
	"strings"
)

// Decides what becomes of a request, by a table of routes, as Envoy would
// (fairlead.policy.routing.router). Agents are given the routes of one app at a time; the cases that
// are shared with Python are whole tables.

// firstRoute returns the place of the first route that matches, -1 for none.
func firstRoute(routes []compiledRoute, q *routeRequest, plain string) int {
	for i := range routes {
		if holdsAll(routes[i].tests, q, plain) {
			return i
		}
	}
	return -1
}

// router is a table that requests can be held against.
type router struct {
	table *routeTable
	hosts []compiledHost
	find  map[string]int // by domains without a star
}

type compiledHost struct {
	rule   *virtualHostRule
	routes []compiledRoute
}

func newRouter(table *routeTable) (*router, error) {
	r := &router{table: table, find: map[string]int{}}
	for i := range table.Hosts {
		one := &table.Hosts[i]
		routes, err := compileRoutes(one.Routes)
		if err != nil {
			return nil, fmt.Errorf("virtual host %q, %w", one.Name, err)
		}
		r.hosts = append(r.hosts, compiledHost{one, routes})
		for _, domain := range one.Domains {
			lower := strings.ToLower(domain)
			if _, there := r.find[lower]; !there {
				r.find[lower] = i
			}
		}
	}
	return r, nil
}

// host returns the host of an authority: equal, then the longest *.x, the longest x.*, then *. What
// * stands for is never empty.
func (r *router) host(authority string) *compiledHost {
	name := strings.ToLower(authority)
	if r.table.IgnorePort {
		name = withoutPort(name)
	}
	if at, ok := r.find[name]; ok && !strings.Contains(name, "*") {
		return &r.hosts[at]
	}
	for from := 1; from < len(name); from++ {
		if at, ok := r.find["*"+name[from:]]; ok {
			return &r.hosts[at]
		}
	}
	for to := len(name) - 1; to > 0; to-- {
		if at, ok := r.find[name[:to]+"*"]; ok {
			return &r.hosts[at]
		}
	}
	if at, ok := r.find["*"]; ok {
		return &r.hosts[at]
	}
	return nil
}

func withoutPort(name string) string {
	at := strings.LastIndexByte(name, ':')
	if at < 0 || !isDigits(name[at+1:], 9) {
		return name
	}
	// An address of IPv6 without a port ends in "]" or has colons outside of brackets.
	if head := name[:at]; strings.HasSuffix(head, "]") || !strings.Contains(head, ":") {
		return head
	}
	return name
}

// decision is what becomes of a request.
type decision struct {
	table    *routeTable
	request  *routeRequest
	host     *virtualHostRule // nil: no host of the table is meant
	route    *compiledRoute   // nil: no route is for it; Envoy answers 404
	weighted *weightedRule    // of the route's clusters, the one that was drawn
	cluster  string
}

var (
	pathParameters = regexp.MustCompile(";[^/]*")
	toHTTPS        = compiledRoute{rule: &routeRule{
		Name: "require_tls", Action: actionRule{redirect: &redirectRule{Code: 301, HTTPS: true}},
	}}
)

func (r *router) route(q *routeRequest) *decision {
	d := &decision{table: r.table, request: q}
	found := r.host(q.authority)
	if found == nil {
		return d
	}
	d.host = found.rule
	if found.rule.hasToBeTLS(q) {
		d.route = &toHTTPS
		return d
	}
	plain := q.plain()
	if r.table.IgnoreParameters {
		plain = pathParameters.ReplaceAllString(plain, "")
	}
	if place := firstRoute(found.routes, q, plain); place >= 0 {
		d.route = &found.routes[place]
		d.draw()
	}
	return d
}

func (h *virtualHostRule) hasToBeTLS(q *routeRequest) bool {
	if h.RequireTLS == "" || q.scheme == "https" {
		return false
	}
	internal, _ := q.header("x-envoy-internal")
	return h.RequireTLS == "all" || internal != "true"
}

// draw chooses a cluster by one random number: weights are counted up until they are past it.
func (d *decision) draw() {
	one := d.route.rule.Action.forward
	switch {
	case one == nil:
	case one.ClusterHeader != "":
		d.cluster, _ = d.request.header(strings.ToLower(one.ClusterHeader))
	case len(one.Clusters) == 1:
		d.weighted = &one.Clusters[0]
	default:
		total := int64(0)
		for i := range one.Clusters {
			total += one.Clusters[i].Weight
		}
		left := int64(0)
		if total > 0 {
			left = int64(d.request.random() % uint64(total))
		}
		for i := range one.Clusters {
			if left -= one.Clusters[i].Weight; left < 0 {
				d.weighted = &one.Clusters[i]
				break
			}
		}
	}
	if d.weighted != nil {
		d.cluster = d.weighted.Cluster
	}
}

// status returns that of an answer that is given at once, 0 where the request is sent on.
func (d *decision) status() int64 {
	if d.route == nil {
		return 404
	}
	switch a := &d.route.rule.Action; {
	case a.redirect != nil:
		return a.redirect.Code
	case a.answer != nil:
		return a.answer.Status
	case a.forward != nil && d.cluster == "":
		return a.forward.Missing
	}
	return 0
}

// changes returns the levels of header changes, the first one first.
func (d *decision) changes() []*changesRule {
	if d.route == nil || d.host == nil {
		return nil
	}
	levels := []*changesRule{&d.route.rule.Changes, &d.host.Changes, &d.table.Changes}
	if d.table.MostSpecificWins {
		levels[0], levels[2] = levels[2], levels[0]
	}
	if d.weighted != nil {
		levels = append([]*changesRule{&d.weighted.Changes}, levels...)
	}
	return levels
}

// sentHeaders returns the request's headers as the cluster gets them, those of HTTP/2 among them.
func (d *decision) sentHeaders(headers headerPairs) headerPairs {
	q := d.request
	found := append(headerPairs{
		{":authority", q.authority}, {":path", q.path}, {":method", q.method}, {":scheme", q.scheme},
	}, headers...)
	for _, one := range d.changes() {
		found = found.changed(one.RequestRemoved, one.RequestSet, q)
	}
	if d.route != nil && d.route.write != nil {
		host := ""
		if d.weighted != nil {
			host = d.weighted.Host
		}
		found = d.route.write.routed(found, host)
	}
	return found
}

// answeredHeaders returns the headers of an answer as the client gets them.
func (d *decision) answeredHeaders(found headerPairs) headerPairs {
	for _, one := range d.changes() {
		found = found.changed(one.ResponseRemoved, one.ResponseSet, d.request)
	}
	return found
}

// mirrors returns the clusters that get a copy of this one.
func (d *decision) mirrors() (found []string) {
	if d.route == nil || d.route.rule.Action.forward == nil {
		return nil
	}
	for _, one := range d.route.rule.Action.forward.Mirrors {
		if one.Fraction == nil || one.Fraction.allows(d.request) {
			found = append(found, one.Cluster)
		}
	}
	return found
}

type virtualHostRule struct {
	Name            string               `json:"name,required"`
	Domains         []string             `json:"domains,required"`
	Routes          []routeRule          `json:"routes"`
	RequireTLS      string               `json:"require_tls"`
	Retry           *retryRule           `json:"retry"`
	Changes         changesRule          `json:"changes"`
	Cors            *corsRule            `json:"cors"`
	VirtualClusters []virtualClusterRule `json:"virtual_clusters"`
	AttemptCount    bool                 `json:"attempt_count"`
}

type virtualClusterRule struct {
	name  string
	match matchRule
}

func (v *virtualClusterRule) readJSON(value any, path string, r *jsonReading) error {
	return r.readPair(value, path, &v.name, &v.match)
}

type routeTable struct {
	Name             string            `json:"name"`
	Hosts            []virtualHostRule `json:"hosts"`
	Changes          changesRule       `json:"changes"`
	MostSpecificWins bool              `json:"most_specific_wins"`
	IgnorePort       bool              `json:"ignore_port"`
	IgnoreParameters bool              `json:"ignore_parameters"`
}
