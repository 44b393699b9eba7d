package fairlead

// trial is one call while it is tested. All is tested first, in the order authority, values, rates,
// turns, calls at a time, breakers; then all is taken. A rule that only simulates is tested alone:
// what it would reject takes nothing of it. The lock of the family is held.
type trial struct {
	gate    *gate
	program *program
	n       int64
	now     int64
	prior   bool
	wait    int64
	would   *Rejection
	picked  []picked
	loans   []loan
	simHots marks // hots and throttles that simulate and would reject
	simPace marks
}

// marks are positions in a list; the first 64 of them are kept without allocating.
type marks struct {
	few  uint64
	more map[int]bool
}

func (m *marks) set(i int) {
	switch {
	case i < 64:
		m.few |= 1 << i
	case m.more == nil:
		m.more = map[int]bool{i: true}
	default:
		m.more[i] = true
	}
}

func (m *marks) has(i int) bool {
	if i < 64 {
		return m.few&(1<<i) != 0
	}
	return m.more[i]
}

// picked is one of what a program has for some calls, that lets this one in.
type picked struct {
	rate    *rate
	cap     *limiter
	breaker *breaker
}

type loan struct {
	rate   *rate
	window *window
	begins int64
}

func (t *trial) run(a *about, e *entry) *Rejection {
	p := t.program
	var f refusal
	if len(p.somes) > 0 {
		t.watch(a)
	}
	if t.allowed(a, &f) && t.hot(a, &f) && t.rate(&f) && t.turn(a, &f) && t.room(&f) && t.unbroken(&f) {
		t.take(a, e)
		e.would = t.would
		return nil
	}
	e.would = t.would
	return f.answer(t.gate.resource.name)
}

// simulates keeps what a rule that only simulates would have answered.
func (t *trial) simulates(f refusal) {
	r := f.answer(t.gate.resource.name)
	last := &t.would
	for *last != nil {
		last = &(*last).next
	}
	*last = r
}

// watch picks what a program has for some calls: all of it that is enforced, and of what simulates
// that which would let the call in.
func (t *trial) watch(a *about) {
	for _, one := range t.program.somes {
		var found picked
		switch {
		case one.rate != nil:
			found.rate = one.rate.pick(a.caller, a.within)
		case one.cap != nil:
			found.cap = one.cap.pick(a.caller, a.within)
		default:
			found.breaker = one.breaker.pick(a.caller, a.within)
		}
		if found == (picked{}) || found.simulated() && t.wouldReject(found) {
			continue
		}
		t.picked = append(t.picked, found)
	}
}

func (k *picked) simulated() bool {
	switch {
	case k.rate != nil:
		return k.rate.rule.simulated()
	case k.cap != nil:
		return k.cap.rule.simulated()
	}
	return k.breaker.rule.simulated()
}

func (t *trial) wouldReject(k picked) bool {
	switch {
	case k.rate != nil:
		if full := k.rate.lacking(t.n, t.now); full != nil {
			t.simulates(refusal{&k.rate.rule.rule, reasonRate, k.rate.after(full, t.now)})
			return true
		}
	case k.cap != nil:
		if k.cap.over(t.n) {
			t.simulates(refusal{&k.cap.rule.rule, reasonConcurrency, 0})
			return true
		}
	default:
		if wait := k.breaker.waitFor(t.now); wait >= 0 {
			t.simulates(refusal{&k.breaker.rule.rule, reasonBreaker, wait})
			return true
		}
	}
	return false
}

// allowed asks who calls: who has no name passes, and whoever the list is for.
func (t *trial) allowed(a *about, f *refusal) bool {
	for _, one := range t.program.authority {
		caller := a.caller
		if caller == "" || isOneOf(one.Names, caller) == one.Allow ||
			!one.Selection.everybody() && !one.Selection.selects(caller, a.within) {
			continue
		}
		found := refusal{&one.rule, reasonAuthority, 0}
		if !one.simulated() {
			*f = found
			return false
		}
		t.simulates(found)
	}
	return true
}

func (t *trial) hot(a *about, f *refusal) bool {
	for i, one := range t.program.hots {
		v := a.value(i)
		if !v.known {
			continue
		}
		h := one.pick(a.caller, a.within)
		if h == nil {
			continue
		}
		wait := h.test(t.now, t.n, v)
		if wait >= 0 {
			if !one.rule.simulated() {
				t.wait = max(t.wait, wait)
			}
			continue
		}
		found := refusal{one.rule, reasonHot, h.wait}
		if !one.rule.simulated() {
			*f = found
			return false
		}
		t.simHots.set(i)
		t.simulates(found)
	}
	return true
}

// rate asks the windows: those for some calls first, then those of the widest resource.
func (t *trial) rate(f *refusal) bool {
	full, window := t.full()
	if full == nil {
		return true
	}
	*f = refusal{&full.rule.rule, reasonRate, full.after(window, t.now)}
	return t.prior && t.borrow()
}

func (t *trial) full() (*rate, *window) {
	for i := range t.picked {
		if one := t.picked[i].rate; one != nil && !one.rule.simulated() {
			if window := one.lacking(t.n, t.now); window != nil {
				return one, window
			}
		}
	}
	p := t.program
	for i, one := range p.rates {
		window := one.lacking(t.n, t.now)
		if window == nil {
			continue
		}
		for j := i + 1; j < len(p.rates) && p.groups[j] == p.groups[i]; j++ {
			other := p.rates[j]
			if also := other.lacking(t.n, t.now); also != nil && other.ceiling-other.count < one.ceiling-one.count {
				one, window = other, also
			}
		}
		return one, window
	}
	return nil, nil
}

// borrow tells whether a call that must not be rejected may take what comes to be free.
func (t *trial) borrow() bool {
	borrows := func(one *rate) bool {
		if one == nil || one.lacking(t.n, t.now) == nil {
			return true
		}
		for i := range one.windows {
			w := &one.windows[i]
			if one.count+t.n <= w.base+w.limit {
				continue
			}
			begins := never
			if w.lends {
				begins = w.loan(one, t.n)
				t.loans = append(t.loans, loan{one, w, begins})
			}
			if begins-t.now > one.rule.BorrowMs*ms {
				return false
			}
			t.wait = max(t.wait, begins-t.now)
		}
		return true
	}
	for i := range t.picked {
		if one := t.picked[i].rate; one != nil && !one.rule.simulated() && !borrows(one) {
			return false
		}
	}
	for _, one := range t.program.rates {
		if !borrows(one) {
			return false
		}
	}
	return true
}

// turn asks windows in the calls of other resources, and whose turn it is.
func (t *trial) turn(a *about, f *refusal) bool {
	p := t.program
	for i, one := range p.elsewhere {
		selection := &one.rule.Selection
		if !a.read[i].over || !selection.everybody() && !selection.selects(a.caller, a.within) {
			continue
		}
		found := refusal{&one.rule.rule, reasonRate, a.read[i].after}
		if !one.rule.simulated() {
			*f = found
			return false
		}
		t.simulates(found)
	}
	for i, one := range p.throttles {
		paced := one.pick(a.caller, a.within)
		if paced == nil {
			continue
		}
		wait := paced.test(t.now, t.n)
		if wait >= 0 {
			if !one.rule.simulated() {
				t.wait = max(t.wait, wait)
			}
			continue
		}
		found := refusal{one.rule, paced.reason(), paced.after()}
		if !one.rule.simulated() {
			*f = found
			return false
		}
		t.simPace.set(i)
		t.simulates(found)
	}
	return true
}

func (t *trial) room(f *refusal) bool {
	for i := range t.picked {
		if one := t.picked[i].cap; one != nil && !one.rule.simulated() && one.over(t.n) {
			*f = refusal{&one.rule.rule, reasonConcurrency, 0}
			return false
		}
	}
	for _, one := range t.program.caps {
		if one.over(t.n) {
			*f = refusal{&one.rule.rule, reasonConcurrency, 0}
			return false
		}
	}
	return true
}

// unbroken asks breakers. Those before one that is open, that would have tried again now, are seen to
// begin, and to go back: their time to try again does not move.
func (t *trial) unbroken(f *refusal) bool {
	var tried []*breaker
	shuts := func(one *breaker) bool {
		if one == nil || one.state == closed {
			return false
		}
		wait := one.waitFor(t.now)
		if wait < 0 {
			tried = append(tried, one)
			return false
		}
		for _, before := range tried {
			before.rollBack()
		}
		*f = refusal{&one.rule.rule, reasonBreaker, wait}
		return true
	}
	for i := range t.picked {
		if one := t.picked[i].breaker; one != nil && !one.rule.simulated() && shuts(one) {
			return false
		}
	}
	for _, one := range t.program.breakers {
		if shuts(one) {
			return false
		}
	}
	return true
}
