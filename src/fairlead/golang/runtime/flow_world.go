package fairlead

import "sync"

// world is all gates of a process, made at first use, and what their rules have counted: it goes on
// by what a rule is about, however it is tuned (fairlead.flow.gates).
type world struct {
	clock  func() int64 // nil for the process's own
	memory func() int64 // bytes that the process uses
	hears  func(r *rule, resource string, before, after int)

	mu       sync.Mutex // of all that is below
	families map[string]*family
	stations map[string]*station
	states   map[stateKey]any // *share of what the rule keeps
	before   map[stateKey]any // the same of the rules that are being replaced
	index    *ruleIndex
}

// station is one resource: the gate of the rules that name it or what it is a part of, the gate of
// those and of the patterns that it matches, and that of the patterns alone.
type station struct {
	resource            string
	family              *family
	plain, full, others *gate
	past                []*program // whose calls have not all ended
}

// stateKey is what a rule is about.
type stateKey struct {
	kind                     byte
	rule, strategy, resource string
	regex, each, plain       bool
	at                       string // the resource itself, of a rule that is for all that match
	related                  string
	param                    param
	behaviour                string
}

func newWorld() *world {
	w := &world{
		families: map[string]*family{}, stations: map[string]*station{}, states: map[stateKey]any{},
		memory: resident,
	}
	w.index = newIndex(w, nil)
	return w
}

// ruled are the gates of this process.
var ruled = func() *world {
	w := newWorld()
	w.hears = countBreaker
	return w
}()

// countBreaker counts breakers that open and close, by resource (fairlead.agent.rules.hears). One that
// is open stays so while it is tried, and one that only simulates moves nothing.
func countBreaker(r *rule, resource string, before, after int) {
	switch {
	case r.simulated():
	case before == closed:
		counted("breaker_opened", resource)
	case after == closed:
		counted("breaker_closed", resource)
	}
}

func (w *world) now() int64 {
	if w.clock != nil {
		return w.clock()
	}
	return clock()
}

func (w *world) hear(r *rule, resource string, before, after int) {
	if w.hears != nil {
		w.hears(r, resource, before, after)
	}
}

// mostStations is how many resources have gates of their own. Of more, those that no rule names share
// gates: who makes up paths must not fill the memory.
const mostStations = 20_000

// station returns a resource's; the lock is held.
func (w *world) station(name string) *station {
	if found := w.stations[name]; found != nil {
		return found
	}
	fam := w.familyOf(name)
	made := &station{resource: name, family: fam}
	for _, to := range []**gate{&made.plain, &made.full, &made.others} {
		*to = &gate{resource: naming{name: name}, family: fam, world: w, station: made}
	}
	w.stations[name] = made
	w.fit(made)
	return made
}

// familyOf returns a resource's; the lock is held.
func (w *world) familyOf(name string) *family {
	root := name
	if wide := scopesOf(name)[0]; wide != "" {
		root = wide
	}
	found := w.families[root]
	if found == nil {
		found = &family{}
		w.families[root] = found
	}
	return found
}

// gate returns the gate that a call of a resource enters, nil where no rule concerns it: by its name
// alone, or by patterns too.
func (w *world) gate(name string, patterns bool) *gate {
	w.mu.Lock()
	defer w.mu.Unlock()
	index := w.index
	matching := 0
	if patterns {
		matching = len(index.matching(name))
	}
	if !index.names(name) && matching == 0 {
		return nil
	}
	if len(w.stations) >= mostStations && w.stations[name] == nil && !index.named[name] {
		name = index.crowd(name)
	}
	found := w.station(name)
	if matching > 0 {
		return found.full
	}
	return found.plain
}

// apply enforces rules from the next call on.
func (w *world) apply(rules *flowRules) *ruleIndex {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.states
	w.index = newIndex(w, rules)
	kept := map[stateKey]any{}
	w.states = kept
	w.before = before
	w.watch()
	for _, one := range w.stations {
		w.fit(one)
	}
	w.before = nil
	for key, state := range before {
		if _, stays := kept[key]; stays {
			continue
		}
		if one, ok := state.(*share[breaker]); ok {
			w.retire(key, one)
		}
	}
	w.forget()
	return w.index
}

// retire says what becomes of breakers whose rule is gone. Calls that are inside still end at them.
func (w *world) retire(key stateKey, of *share[breaker]) {
	name := key.at
	if name == "" {
		name = key.resource
	}
	fam := w.familyOf(name)
	fam.mu.Lock()
	defer fam.mu.Unlock()
	of.each((*breaker).gone)
}

// forget drops resources that no rule concerns any more and nobody is inside of.
func (w *world) forget() {
	for name, one := range w.stations {
		if one.plain.program.Load() == nil && one.full.program.Load() == nil && len(one.past) == 0 {
			delete(w.stations, name)
		}
	}
}
