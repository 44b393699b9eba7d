package fairlead

import (
	"regexp"
	"strings"
	"sync/atomic"
)

// ruleIndex finds the gates of calls. It is built anew for each snapshot; gates are kept.
type ruleIndex struct {
	world    *world
	byName   map[string]*named
	watched  map[string][]*rateRule // by the resource that a rule reads
	named    map[string]bool        // both
	patterns []pattern
	words    map[string]bool // what stands in patterns in capital letters: methods are named so
	paths    map[string]*pathGates
	services map[string]bool
	guesses  guesses
	guessing bool
	folders  bool // whether a path ends with a slash: all below may be meant
	routes   known[routeKey]
	calls    known[string]
	crowds   map[string]string
}

type pattern struct {
	matches func(string) bool
	rules   *named
}

type routeKey struct{ method, route string }

// pathGates are the gates of one path, or template, by the number of the method.
type pathGates [allMethods]atomic.Pointer[gate]

// known remembers what was found, as long as that is not too much: strangers may make up names.
type known[K comparable] struct{ found atomic.Pointer[map[K]*gate] }

const mostKnown = 8192

func (k *known[K]) get(key K) (*gate, bool) {
	if all := k.found.Load(); all != nil {
		one, there := (*all)[key]
		return one, there
	}
	return nil, false
}

func (k *known[K]) put(key K, found *gate) {
	for {
		all := k.found.Load()
		fresh := map[K]*gate{key: found}
		if all != nil {
			if len(*all) >= mostKnown {
				return
			}
			for name, one := range *all {
				fresh[name] = one
			}
			fresh[key] = found
		}
		if k.found.CompareAndSwap(all, &fresh) {
			return
		}
	}
}

// nowhere stands for no gate where what was found is remembered by its place.
var nowhere gate

// literal returns the gate that a request enters before its route is known: of a rule that names its
// path letter by letter. nil where no rule does; a lookup, no allocation. method is "" for gRPC, and
// GET for HEAD.
func (x *ruleIndex) literal(method, path string) *gate {
	gates := x.paths[path]
	if gates == nil {
		if method != "" || len(x.services) == 0 || !x.services[serviceOf(path)] {
			return nil
		}
		return x.route(method, path, false)
	}
	number := methodNumber(method)
	if number == otherMethod && x.named[method+":"+path] {
		return x.route(method, path, false)
	}
	found := gates[number].Load()
	if found == nil {
		if found = x.make(method, path, false); found == nil {
			found = &nowhere
		}
		gates[number].Store(found)
	}
	if found == &nowhere {
		return nil
	}
	return found
}

// templated tells whether any rule names a template, a folder or a pattern: whether it is worth to know
// routes.
func (x *ruleIndex) templated() bool { return x.guessing || x.folders || len(x.patterns) > 0 }

// routed returns the gate of a route by its template as fairlead writes it, /users/{id}; of gRPC, by
// no method and /package.Service/Method. nil where no rule concerns it. Who has entered a literal one
// before enters its rest.
func (x *ruleIndex) routed(method, template string) *gate {
	if len(x.named) == 0 && len(x.patterns) == 0 {
		return nil
	}
	return x.route(method, template, true)
}

// guessed returns the gate of the narrowest template among the rules that a path may be, where nobody
// can say the route.
func (x *ruleIndex) guessed(method, path string) *gate {
	if x.paths[path] == nil {
		if template := x.guesses.find(path); template != "" {
			return x.routed(method, template)
		}
	}
	if len(x.patterns) == 0 {
		return nil
	}
	return x.routed(method, path)
}

// called returns the gate of an outbound resource: "call:APP", "call:HOST", "call:APP:/pkg.Svc/Method",
// or of any other that is known by its name.
func (x *ruleIndex) called(resource string) *gate {
	if len(x.named) == 0 && len(x.patterns) == 0 {
		return nil
	}
	if found, there := x.calls.get(resource); there {
		return found
	}
	found := x.world.gate(strings.Clone(resource), true)
	x.calls.put(strings.Clone(resource), found)
	return found
}

func (x *ruleIndex) route(method, route string, patterns bool) *gate {
	if method == "HEAD" {
		method = "GET"
	}
	key := routeKey{method, route}
	if found, there := x.routes.get(key); there {
		return found
	}
	if !patterns {
		return x.make(method, route, false)
	}
	found := x.make(strings.Clone(method), strings.Clone(route), true)
	if methodNumber(method) != otherMethod { // a stranger's way to write it is not kept
		x.routes.put(routeKey{strings.Clone(method), strings.Clone(route)}, found)
	}
	return found
}

// make returns the gate of a route. A method that a stranger may have made up has one of its own where
// a rule names it. Others that the same patterns match share one, and those that none matches are
// calls of the route.
func (x *ruleIndex) make(method, route string, patterns bool) *gate {
	name := route
	if method != "" {
		name = method + ":" + route
	}
	if methodNumber(method) == otherMethod && !x.named[name] {
		switch {
		case len(x.matching(name)) == 0:
			name = route
		case !x.words[method]:
			name = "OTHER:" + route
		}
	}
	return x.world.gate(name, patterns)
}

// names tells whether a rule names a resource, or what it is a part of.
func (x *ruleIndex) names(name string) bool {
	scopes := scopesOf(name)
	return x.named[scopes[1]] || scopes[0] != "" && x.named[scopes[0]]
}

func (x *ruleIndex) matching(name string) (found []*named) {
	for i := range x.patterns {
		if x.patterns[i].matches(name) {
			found = append(found, x.patterns[i].rules)
		}
	}
	return found
}

// crowd names the gate of all resources of a kind: with the same wider one, and the same patterns.
func (x *ruleIndex) crowd(name string) string {
	var kind strings.Builder
	kind.WriteString(scopesOf(name)[0])
	for i := range x.patterns {
		if x.patterns[i].matches(name) {
			kind.WriteString("\x00" + string(rune(i)))
		}
	}
	if x.crowds == nil {
		x.crowds = map[string]string{}
	}
	if found, there := x.crowds[kind.String()]; there {
		return found
	}
	x.crowds[kind.String()] = name
	return name
}

var capitals = regexp.MustCompile(`[A-Z]+(?:-[A-Z]+)*`)

// newIndex sorts rules by what they are about; one that is said twice counts once.
func newIndex(w *world, rules *flowRules) *ruleIndex {
	x := &ruleIndex{
		world: w, byName: map[string]*named{}, watched: map[string][]*rateRule{}, named: map[string]bool{},
		words: map[string]bool{}, paths: map[string]*pathGates{}, services: map[string]bool{},
	}
	if rules != nil {
		(&sorting{index: x, seen: map[stateKey]bool{}, found: map[string]*named{}}).all(rules)
	}
	for name := range x.byName {
		x.named[name] = true
	}
	for name := range x.watched {
		x.named[name] = true
	}
	for name := range x.named {
		x.place(name)
	}
	return x
}

// place makes a name be found by paths.
func (x *ruleIndex) place(name string) {
	path := name
	if method, rest := methodOf(name); method != "" {
		path = rest
	}
	if !strings.HasPrefix(path, "/") {
		return
	}
	if strings.Contains(path, "{") {
		x.guesses.add(path)
		x.guessing = true
		return
	}
	x.folders = x.folders || len(path) > 1 && strings.HasSuffix(path, "/")
	if x.paths[path] == nil {
		x.paths[path] = &pathGates{}
	}
	x.services[path] = true
}

// sorting puts rules where they are found.
type sorting struct {
	index *ruleIndex
	seen  map[stateKey]bool
	found map[string]*named // by pattern
}

func (s *sorting) all(rules *flowRules) {
	for i := range rules.Authorities {
		if one := &rules.Authorities[i]; s.fresh(kindAuthority, &one.rule) {
			to := s.of(&one.rule)
			to.authorities = append(to.authorities, one)
		}
	}
	for i := range rules.Hots {
		if one := &rules.Hots[i]; s.fresh(kindHot, &one.rule) {
			one.Param.spell()
			to := s.of(&one.rule)
			to.hots = append(to.hots, one)
		}
	}
	for i := range rules.Rates {
		if one := &rules.Rates[i]; s.fresh(kindRate, &one.rule) {
			to := s.of(&one.rule)
			to.rates = append(to.rates, one)
			if one.Related != "" {
				s.index.watched[one.Related] = append(s.index.watched[one.Related], one)
			}
		}
	}
	for i := range rules.Throttles {
		if one := &rules.Throttles[i]; s.fresh(kindThrottle, &one.rule) {
			to := s.of(&one.rule)
			to.throttles = append(to.throttles, one)
		}
	}
	for i := range rules.Caps {
		if one := &rules.Caps[i]; s.fresh(kindCap, &one.rule) {
			to := s.of(&one.rule)
			to.caps = append(to.caps, one)
		}
	}
	for i := range rules.Breakers {
		if one := &rules.Breakers[i]; s.fresh(kindBreaker, &one.rule) {
			to := s.of(&one.rule)
			to.breakers = append(to.breakers, one)
		}
	}
}

func (s *sorting) fresh(kind byte, r *rule) bool {
	key := stateKey{kind: kind, rule: r.Rule, strategy: r.Strategy, resource: r.Resource, regex: r.Regex}
	if s.seen[key] {
		return false
	}
	s.seen[key] = true
	return true
}

// of returns the rules of the resource, or of the pattern, that a rule names.
func (s *sorting) of(r *rule) *named {
	if !r.Regex {
		if s.index.byName[r.Resource] == nil {
			s.index.byName[r.Resource] = &named{}
		}
		return s.index.byName[r.Resource]
	}
	if s.found[r.Resource] == nil {
		made := &named{}
		s.found[r.Resource] = made
		matches, err := wholeMatch("(?s)" + r.Resource)
		if err != nil {
			return made // checked when the snapshot was read: it matches nothing
		}
		s.index.patterns = append(s.index.patterns, pattern{matches, made})
		for _, word := range capitals.FindAllString(r.Resource, -1) {
			s.index.words[word] = true
		}
	}
	return s.found[r.Resource]
}
