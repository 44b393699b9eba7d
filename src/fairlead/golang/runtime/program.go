package fairlead

import "sync/atomic"

// program is what the calls of one resource are asked, by rules of it and of what it is a part of.
// It does not change; what its parts count stays from one program to the next.
type program struct {
	inside atomic.Int64 // calls that it has let in and that have not ended

	plain     bool // whether all that it has counts everybody's calls, rejects and looks nowhere else
	curious   bool // whether something is to be asked before the lock is taken
	caller    bool
	entrance  bool
	hots      []*share[hot]
	params    []*param // of each
	elsewhere []*elsewhere
	authority []*authorityRule
	throttles []*share[pace]
	somes     []some  // of what counts, that which is about some calls only, or simulates
	rates     []*rate // of everybody's calls, enforced
	groups    []int   // of each rate: those of one resource, of which the fullest is named
	caps      []*limiter
	breakers  []*breaker
	reads     []*rate // what rules of other resources read
}

// some is one rule that counts some calls only, or that simulates.
type some struct {
	rate    *share[rate]
	cap     *share[limiter]
	breaker *share[breaker]
}

// share is what one rule keeps at one resource: for all callers together, or for each.
type share[T any] struct {
	rule    *rule
	one     *T
	callers map[string]*T
	make    func() *T
}

const (
	mostCallers = 10_000 // of one rule that are counted each for itself; the others count together
	otherCaller = "\x00"
)

// pick returns what counts a call, nil where the rule is not about it.
func (s *share[T]) pick(caller string, within [2]string) *T {
	selection := &s.rule.Selection
	if !selection.everybody() && !selection.selects(caller, within) {
		return nil
	}
	if !selection.Each {
		if s.one == nil {
			s.one = s.make()
		}
		return s.one
	}
	found := s.callers[caller]
	if found == nil && len(s.callers) >= mostCallers {
		caller = otherCaller
		found = s.callers[caller]
	}
	if found == nil {
		if s.callers == nil {
			s.callers = map[string]*T{}
		}
		found = s.make()
		s.callers[caller] = found
	}
	return found
}

func (s *share[T]) each(do func(*T)) {
	if s.one != nil {
		do(s.one)
	}
	for _, one := range s.callers {
		do(one)
	}
}

// elsewhere is windows in the calls of another resource (rateRule.Related).
type elsewhere struct {
	rule   *rateRule
	rate   *rate
	family *family
}

// seen is what was read of another resource.
type seen struct {
	over  bool
	after int64
}

func (x *elsewhere) read(n int64, w *world) (found seen) {
	x.family.mu.Lock()
	defer x.family.mu.Unlock()
	now := w.now()
	if w.clock == nil {
		now = max(now, x.family.last)
	}
	found.after = never
	for i := range x.rate.windows {
		one := &x.rate.windows[i]
		x.rate.lengthen(one.logs())
		if float64(one.used(x.rate, now)+n) > x.rule.Windows[i].Threshold {
			found.over = true
		}
		found.after = min(found.after, one.frees(x.rate)-now)
	}
	found.after = max(0, found.after)
	return found
}

// nobody is a call of which nothing is known.
type nobody struct{}

func (nobody) caller() string                        { return "" }
func (nobody) entrance() string                      { return "" }
func (nobody) value(*param) (string, []string, bool) { return "", nil, false }

// straight lets one call in that nothing stands against, by the same tests as a trial: what most calls
// come to, of a program that is plain. Where it is false nothing was taken, and a trial has to say.
// The lock of the family is held.
func (p *program) straight(a *about, now int64) bool {
	for i, one := range p.hots {
		if v := &a.few[i]; v.known && (v.several != nil || one.one == nil || one.one.test(now, 1, v) != 0) {
			return false
		}
	}
	for _, one := range p.rates {
		if !one.roomy(now) && one.lacking(1, now) != nil {
			return false
		}
	}
	for _, one := range p.caps {
		if one.over(1) {
			return false
		}
	}
	for _, one := range p.breakers {
		if one.state != closed {
			return false
		}
	}
	for i, one := range p.hots {
		if v := &a.few[i]; v.known {
			one.one.take(now, 1, v)
		}
	}
	for _, one := range p.rates {
		one.take(1, now)
	}
	for _, one := range p.caps {
		one.inside.Add(1)
	}
	p.inside.Add(1)
	return true
}

// others tells whether a program has what only a trial asks.
func (p *program) others() bool {
	return len(p.hots) > fewValues ||
		len(p.somes)+len(p.authority)+len(p.elsewhere)+len(p.throttles)+len(p.reads) > 0
}

// ask asks what rules want to know of a call, and puts it into a. No lock is held: applications answer.
func (p *program) ask(f facts, a *about, n int64, w *world) *about {
	if f == nil {
		f = nobody{}
	}
	if p.caller {
		a.caller = f.caller()
	}
	if p.entrance {
		a.within = scopesOf(f.entrance())
	}
	if len(p.params) > fewValues {
		a.more = make([]valueAsked, len(p.params)-fewValues)
	}
	for i, param := range p.params {
		v := a.value(i)
		if param.Source == "constant" {
			v.known = true
		} else {
			v.one, v.several, v.known = f.value(param)
		}
	}
	for _, one := range p.elsewhere {
		a.read = append(a.read, one.read(n, w))
	}
	return a
}
