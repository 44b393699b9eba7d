package fairlead

// Rules of one sort, of one resource or one pattern, in the order in which they came.
type named struct {
	authorities []*authorityRule
	hots        []*hotRule
	rates       []*rateRule
	throttles   []*throttleRule
	caps        []*capRule
	breakers    []*breakerRule
}

const (
	kindAuthority = iota
	kindHot
	kindRate
	kindThrottle
	kindCap
	kindBreaker
)

// fit makes the programs of a resource by the rules in force. The lock of the world is held.
func (w *world) fit(s *station) {
	s.family.mu.Lock()
	defer s.family.mu.Unlock()
	matching := w.index.matching(s.resource)
	for _, one := range [3]*gate{s.plain, s.full, s.others} {
		if old := one.program.Load(); old != nil && old.inside.Load() > 0 {
			s.past = append(s.past, old)
		}
	}
	left := s.past[:0]
	for _, one := range s.past {
		if one.inside.Load() > 0 {
			left = append(left, one)
		}
	}
	s.past = left
	f := fitting{world: w, station: s}
	s.plain.program.Store(f.program(true, nil))
	if len(matching) == 0 {
		s.full.program.Store(nil)
		s.others.program.Store(nil)
		return
	}
	s.full.program.Store(f.program(true, matching))
	s.others.program.Store(f.program(false, matching))
}

// fitting makes one program.
type fitting struct {
	world   *world
	station *station
	made    *program
	any     bool
	at      string // the resource, where rules are added that found it by a pattern
	group   int
}

func (f *fitting) program(named bool, matching []*named) *program {
	f.made, f.any, f.at, f.group = &program{plain: true}, false, "", 0
	index := f.world.index
	if named {
		for i, scope := range scopesOf(f.station.resource) {
			f.group = i
			if rules := index.byName[scope]; rules != nil && scope != "" {
				f.add(rules)
			}
			for _, rule := range index.watched[scope] {
				f.made.reads = append(f.made.reads, f.world.watchedRate(rule))
				f.any = true
			}
		}
	}
	f.at = f.station.resource
	for _, rules := range matching {
		f.add(rules)
	}
	if !f.any {
		return nil
	}
	p := f.made
	p.plain = p.plain && !p.others()
	p.curious = p.caller || p.entrance || len(p.hots) > 0 || len(p.elsewhere) > 0
	return p
}

func (f *fitting) add(rules *named) {
	f.any = true
	p := f.made
	for _, one := range rules.authorities {
		f.selection(&one.rule)
		p.caller = true
		p.authority = append(p.authority, one)
	}
	for _, one := range rules.hots {
		f.selection(&one.rule)
		p.plain = p.plain && plain(&one.rule) && one.Behaviour != hotInFlight
		p.hots, p.params = append(p.hots, f.hot(one)), append(p.params, &one.Param)
	}
	for _, one := range rules.rates {
		f.selection(&one.rule)
		f.rate(one)
	}
	for _, one := range rules.throttles {
		f.selection(&one.rule)
		p.throttles = append(p.throttles, f.throttle(one))
	}
	for _, one := range rules.caps {
		f.selection(&one.rule)
		f.cap(one)
	}
	for _, one := range rules.breakers {
		f.selection(&one.rule)
		f.breaker(one)
	}
}

func (f *fitting) selection(r *rule) {
	f.made.caller = f.made.caller || r.Selection.asksCaller()
	f.made.entrance = f.made.entrance || r.Selection.Entrance != ""
}

func (f *fitting) key(kind byte, r *rule) stateKey {
	return stateKey{
		kind: kind, rule: r.Rule, strategy: r.Strategy, resource: r.Resource, regex: r.Regex,
		each: r.Selection.Each, at: f.at,
	}
}

// plain tells whether a rule counts everybody's calls, and rejects.
func plain(r *rule) bool { return r.Selection.everybody() && !r.simulated() }

// goingOn returns what a rule has kept so far, or begins it; tune makes what is kept judge by the rule
// as it is now, once for each set of rules.
func goingOn[T any](w *world, key stateKey, r *rule, make func() *T, tune func(*T)) *share[T] {
	if found, ok := w.states[key].(*share[T]); ok {
		return found
	}
	found, ok := w.before[key].(*share[T])
	if !ok {
		found = &share[T]{}
	}
	found.rule, found.make = r, make
	found.each(tune)
	w.states[key] = found
	return found
}

func (f *fitting) hot(r *hotRule) *share[hot] {
	key := f.key(kindHot, &r.rule)
	key.param, key.behaviour = r.Param, r.Behaviour
	return goingOn(f.world, key, &r.rule, func() *hot { return newHot(r) }, func(h *hot) { h.tune(r) })
}

func (f *fitting) rate(r *rateRule) {
	p, w := f.made, f.world
	if r.Related != "" {
		p.elsewhere = append(p.elsewhere, &elsewhere{r, w.watchedRate(r), w.stations[r.Related].family})
		return
	}
	found := goingOn(w, f.key(kindRate, &r.rule), &r.rule,
		func() *rate { return newRate(r, w) }, func(one *rate) { one.tune(r, w) })
	if !plain(&r.rule) {
		p.somes = append(p.somes, some{rate: found})
		return
	}
	p.rates, p.groups = append(p.rates, theOne(found)), append(p.groups, f.group)
}

func theOne[T any](s *share[T]) *T {
	if s.one == nil {
		s.one = s.make()
	}
	return s.one
}

func (f *fitting) throttle(r *throttleRule) *share[pace] {
	return goingOn(f.world, f.key(kindThrottle, &r.rule), &r.rule,
		func() *pace { return newPace(r) }, func(one *pace) { one.tune(r) })
}

// cap begins anew where it counts other calls from now on: of everybody's, those that are inside.
func (f *fitting) cap(r *capRule) {
	key := f.key(kindCap, &r.rule)
	key.plain = plain(&r.rule)
	everybody := r.Selection.everybody()
	_, there := f.world.states[key]
	_, was := f.world.before[key]
	found := goingOn(f.world, key, &r.rule,
		func() *limiter { return &limiter{rule: r} }, func(one *limiter) { one.rule = r })
	if everybody && !there && !was {
		theOne(found).before = f.world.insideOf(r, f.at)
	}
	if !key.plain {
		f.made.somes = append(f.made.somes, some{cap: found})
		return
	}
	f.made.caps = append(f.made.caps, theOne(found))
}

// insideOf returns the programs whose calls are inside of what a rule is about.
func (w *world) insideOf(r *capRule, at string) (found []*program) {
	if at == "" {
		at = r.Resource
	}
	for _, one := range w.stations {
		if scopes := scopesOf(one.resource); scopes[0] == at || scopes[1] == at {
			found = append(found, one.past...)
			for _, gate := range [3]*gate{one.plain, one.full, one.others} {
				if p := gate.program.Load(); p != nil && p.inside.Load() > 0 {
					found = append(found, p)
				}
			}
		}
	}
	return found
}

func (f *fitting) breaker(r *breakerRule) {
	w, resource := f.world, r.Resource
	if f.at != "" {
		resource = f.at
	}
	found := goingOn(w, f.key(kindBreaker, &r.rule), &r.rule,
		func() *breaker { return newBreaker(r, resource, w) }, func(one *breaker) { one.tune(r) })
	if !plain(&r.rule) {
		f.made.somes = append(f.made.somes, some{breaker: found})
		return
	}
	f.made.breakers = append(f.made.breakers, theOne(found))
}

// watch keeps the windows that rules read of other resources. It is done before anything else is
// fitted, as they are of other families.
func (w *world) watch() {
	for name := range w.index.watched {
		w.fit(w.station(name))
	}
}

func (w *world) watchedRate(r *rateRule) *rate {
	key := stateKey{
		kind: kindRate, rule: r.Rule, strategy: r.Strategy, resource: r.Resource, regex: r.Regex, related: r.Related,
	}
	reads := func(one *rate) *rate {
		for i := range one.windows {
			one.windows[i].reads = true
		}
		return one
	}
	found := goingOn(w, key, &r.rule,
		func() *rate { return reads(newRate(r, w)) }, func(one *rate) { one.tune(r, w); reads(one) })
	return theOne(found)
}
