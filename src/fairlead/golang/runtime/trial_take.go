package fairlead

// take takes of all that has let a call in.
func (t *trial) take(a *about, e *entry) {
	p := t.program
	for _, one := range t.loans {
		one.window.lend(one.rate, t.n, one.begins)
		one.rate.edge, one.rate.opens = 0, 0
		one.rate.lacking(t.n, t.now)
	}
	e.gate, e.program, e.started, e.wait = t.gate, p, t.now, t.wait
	p.inside.Add(1)
	for _, one := range p.rates {
		one.take(t.n, t.now)
	}
	for _, one := range p.reads {
		one.lacking(t.n, t.now) // brings its marks up to date
		one.take(t.n, t.now)
	}
	for _, one := range p.caps {
		one.inside.Add(1)
	}
	for _, one := range p.breakers {
		if one.state != closed {
			e.held = append(e.held, held{breaker: one, probe: one.probe(t.now)})
		}
	}
	if len(t.picked) > 0 {
		t.takePicked(e)
	}
	if len(p.hots) > 0 {
		t.takeHot(a, e)
	}
	t.takeTurns(a)
	for _, one := range t.loans {
		one.rate.deferred(t.n, t.now+t.wait)
	}
	for i := range e.held {
		if one := e.held[i].probe; one != nil && t.wait > 0 {
			one.waits = true
		}
	}
}

func (t *trial) takePicked(e *entry) {
	for _, one := range t.picked {
		switch {
		case one.rate != nil:
			one.rate.take(t.n, t.now)
		case one.cap != nil:
			one.cap.inside.Add(1)
			e.held = append(e.held, held{cap: one.cap})
		default:
			kept := held{breaker: one.breaker, counts: true}
			if one.breaker.state != closed {
				kept.probe = one.breaker.probe(t.now)
			}
			e.held = append(e.held, kept)
		}
	}
}

func (t *trial) takeHot(a *about, e *entry) {
	for i, one := range t.program.hots {
		v := a.value(i)
		if !v.known || t.simHots.has(i) {
			continue
		}
		h := one.pick(a.caller, a.within)
		if h == nil {
			continue
		}
		if keys := h.take(t.now, t.n, v); keys != nil {
			e.held = append(e.held, held{hot: h, keys: keys})
		}
	}
}

func (t *trial) takeTurns(a *about) {
	for i, one := range t.program.throttles {
		if t.simPace.has(i) {
			continue
		}
		if paced := one.pick(a.caller, a.within); paced != nil {
			paced.take(t.now, t.n)
		}
	}
}
