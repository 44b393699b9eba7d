package fairlead

import (
	"math/rand"
	"strconv"
	"strings"
)

// passage is what rules about calls have to do for one call, from the outside in: a fault on purpose,
// as in Envoy, whose filter of faults comes before the router; the time that all attempts and the
// pauses between them share; repetitions; and the choice of an instance (fairlead.flow.stack).
type passage struct {
	ways   *ways // nil for calls that no rule is about
	route  *way  // nil where no route is about the call
	reach  *reachable
	change *callChange
	caller *string // what this workload is to who is called, where a route leads to another app

	above    inherited
	begun    bool
	until    int64 // when the attempt under way is to be given up, 0 for never
	deadline int64 // when the whole call is
	limit    string
	attempt  int // which one it is, 0 where no rule may repeat the call
	counted  bool
	tried    []string
	copies   []string
	inside   *instance
	missing  error // a route leads to whom nobody describes
	err      error // of the last attempt, where it was not made
}

// early is by how much a client's own clock may be ahead when it gives up what it was told to.
const early = int64(10e6)

const ofRequest = "the time that its request had"

// passed returns what rules have to do for a call, nil for nothing. What no rule is about carries on
// the time and the attempt of its request.
func passed(c *Call) *passage {
	var above inherited
	if c.request != nil {
		above = c.request.above
	}
	until := int64(0)
	if c.out.GRPC {
		if deadline, ok := c.ctx.Deadline(); ok {
			until = max(1, int64(deadline.Sub(clockBegan)))
		}
	}
	if c.callee.ways == nil && !above.there && until == 0 {
		return nil
	}
	return &passage{ways: c.callee.ways, above: above, until: until}
}

func (w *passage) next(c *Call) (Target, bool, error) {
	if w.begun {
		if c.state != callOver && c.another() {
			return w.send(c)
		}
		return w.judge(c)
	}
	w.begun = true
	if w.ways == nil {
		return w.bound(c)
	}
	w.ways.made.Do(w.ways.make)
	if len(w.ways.routes) == 0 {
		w.reach = w.ways.usual
		return w.bound(c)
	}
	return w.decide(c)
}

// decide finds the route of a call, and who is called for it.
func (w *passage) decide(c *Call) (Target, bool, error) {
	q := c.routing()
	plain := q.plain()
	for i := range w.ways.routes {
		if one := &w.ways.routes[i]; holdsAll(one.tests, q, plain) {
			w.route = one
			break
		}
	}
	if w.route == nil {
		rule, _, _ := strings.Cut(w.ways.rules.Routes[0].Name, " ")
		return w.answer(c, &answerRule{Status: 404}, rule)
	}
	if len(w.route.parts) > 0 {
		part := &w.route.parts[0]
		if len(w.route.parts) > 1 {
			part = w.route.drawn(rand.Float64())
		}
		w.take(c, part, q)
		for _, mirror := range w.route.mirrors {
			if mirror.rule.Fraction == nil || mirror.rule.Fraction.allows(q) {
				if order := mirror.reach.choice.candidates(c, nil); len(order) > 0 && c.out.Again && !c.out.GRPC {
					w.copies = append(w.copies, order[0].address)
				}
			}
		}
	}
	if t, more, err, done := w.inject(c); done {
		return t, more, err
	}
	if rule := w.route.rule; w.reach == nil && w.missing == nil {
		answer := w.route.answer
		switch {
		case rule.Action.redirect != nil:
			where := rule.Action.redirect.location(q, &rule.Match.Path)
			answer = &answerRule{Status: rule.Action.redirect.Code, Headers: [][2]string{{"location", where}}}
		case answer == nil:
			answer = &answerRule{Status: rule.Action.forward.Missing}
		}
		return w.answer(c, answer, rule.Name)
	}
	return w.bound(c)
}

// take has a call go to a cluster of its route.
func (w *passage) take(c *Call, part *wayPart, q *routeRequest) {
	w.reach = part.taken(c.lane)
	if w.reach == nil {
		if part.missing != nil {
			missing := *part.missing
			missing.lane = c.lane
			w.missing = &missing
		}
		return
	}
	if part.changing != nil {
		w.change = part.changing.of(q)
	}
	if w.reach.host != "" {
		w.caller = &w.reach.caller
	}
}

func (c *Call) authority() string {
	if c.out.Authority != "" {
		return c.out.Authority
	}
	return c.out.Host
}

// routing returns a call as routes see it.
func (c *Call) routing() *routeRequest {
	path := c.out.Path
	if c.out.RawQuery != "" {
		path += "?" + c.out.RawQuery
	}
	drawn := uint64(rand.Int63n(1_000_000))
	q := &routeRequest{
		method: strings.ToUpper(c.out.Method), authority: c.authority(), path: path, scheme: "http",
		headers: c.out.Header, grpc: c.out.GRPC, joined: true, message: c.out.Message,
		random: func() uint64 { return drawn },
	}
	if c.out.GRPC {
		q.method = "POST"
	} else if q.method == "" {
		q.method = "GET"
	}
	q.parent, _ = c.trace()
	q.label = c.plan.lanes.label(c.lane, c.out.Header[baggageHeader.spelt(c.out.GRPC)])
	return q
}

// bound gives a call its time: that of its rule or that of the request it is made for, the shorter
// one.
func (w *passage) bound(c *Call) (Target, bool, error) {
	until, limit := w.above.until, ofRequest
	if w.until != 0 && (until == 0 || w.until < until) {
		until, limit = w.until, "the time that its caller gives it"
	}
	now := clock()
	if w.route != nil && w.route.timeout > 0 {
		if end := now + w.route.timeout; until == 0 || end < until {
			until, limit = end, spelled(*w.route.rule.Timeout, w.route.rule.Name)
		}
	}
	if until == 0 {
		limit = ""
	}
	w.until, w.deadline, w.limit = until, until, limit
	if until != 0 && until <= now {
		c.last = ended{fault: Timeout, grpc: -1}
		return w.over(c)
	}
	if w.route != nil && w.route.conditions != nil {
		w.attempt, w.counted = 1, true
		w.ways.attempts.begin()
	}
	return w.try(c)
}

// try begins an attempt.
func (w *passage) try(c *Call) (Target, bool, error) {
	if w.attempt > 0 && w.route.rule.Retry.PerTry > 0 {
		end := clock() + nanoseconds(w.route.rule.Retry.PerTry)
		if w.deadline == 0 || end < w.deadline {
			w.until = end
		}
	}
	w.err = w.missing
	if w.err == nil {
		w.err = w.choose(c)
	}
	if w.err != nil {
		c.last = ended{fault: Refused, grpc: -1}
		return w.judge(c)
	}
	return w.send(c)
}

// choose finds the endpoints of an attempt, or says that there are none.
func (w *passage) choose(c *Call) error {
	if w.reach == nil {
		return c.choose()
	}
	choice := w.reach.choice
	c.order = choice.candidates(c, w.tried)
	avoidedLast(c.order)
	c.position, c.state = 0, callFirst
	if len(c.order) > 0 {
		return nil
	}
	host := w.reach.host
	if host == "" {
		host = lowerText(c.out.Host)
	}
	return &unreachable{app: host, lane: c.lane, subset: choice.cluster.Subset, unfit: choice.unfit(c.lane)}
}

// send has an attempt made at the endpoint whose turn it is.
func (w *passage) send(c *Call) (Target, bool, error) {
	c.target = c.order[c.position]
	connect := int64(0)
	if w.until != 0 && w.until <= clock() {
		c.last = ended{fault: Timeout, grpc: -1}
		return w.judge(c)
	}
	if w.reach != nil {
		if again := w.attempt > 0 && !w.route.rule.Retry.SameHost; again && !w.reach.choice.cluster.Balance.hashed() {
			w.tried = append(w.tried, c.target.address)
		}
		var named string
		if w.inside, connect, named = w.reach.standing.hosts.begin(c.target.address); w.inside == nil {
			return w.full(c, named), true, nil
		}
	}
	c.sent++
	t := c.aimed()
	if w.change != nil {
		w.change.aim(&t, c.out.GRPC)
	}
	t.Set = append(t.Set, w.marks(c)...)
	t.Deadline, t.Whole = unixTime(w.until), unixTime(w.deadline)
	if w.until == w.deadline {
		t.Whole = t.Deadline
	}
	t.Connect, t.Copies = connect, w.copies
	w.copies = nil
	return t, true, nil
}

// marks are headers that tell the callee of time and attempts.
func (w *passage) marks(c *Call) (found [][2]string) {
	if w.until == 0 && w.attempt == 0 && !w.above.there {
		return nil
	}
	grpc := c.out.GRPC
	if w.until != 0 {
		left := max(1, (w.until-clock())/1e6)
		found = append(found, [2]string{deadlineHeader.spelt(grpc), strconv.FormatInt(left, 10)})
	}
	if attempt := max(w.attempt, int(w.above.attempt)); attempt > 0 {
		found = append(found, [2]string{attemptHeader.spelt(grpc), strconv.Itoa(attempt)})
	}
	if w.above.spent || w.attempt > 0 && w.ways.attempts.spent() {
		found = append(found, [2]string{retryHeader.spelt(grpc), retryOff})
	}
	return found
}

// ended takes note of how an attempt ended. Whoever wrote into a request when it is over, who may be a
// stranger, says nothing about an instance, and must not have it left out for everybody.
func (w *passage) ended(c *Call) {
	judged := &c.last
	if c.last.failed() && w.until != 0 && w.until >= w.deadline && w.limit == ofRequest && clock() >= w.until-early {
		c.last.fault, c.last.cut = Timeout, true
		judged = nil
	}
	if w.inside != nil {
		w.reach.standing.hosts.end(w.inside, judged)
		w.inside = nil
	}
}

// judge says whether an attempt that has ended is made again.
func (w *passage) judge(c *Call) (Target, bool, error) {
	if w.attempt == 0 {
		return w.over(c)
	}
	rule := w.route.rule.Retry
	most := 1
	if w.above.attempt < 2 && !w.above.spent {
		most += int(rule.Attempts)
	}
	well := !w.route.conditions.met(c)
	if well || w.attempt >= most {
		w.settle(c, well)
		return w.over(c)
	}
	pause := rule.pause(w.attempt + 1)
	late := w.deadline != 0 && clock()+pause >= w.deadline
	if late || !w.ways.attempts.allow(w.attempt > 1, w.above.attempt > 0) {
		w.settle(c, false)
		return w.over(c)
	}
	w.attempt++
	if !sleep(c.ctx, pause) {
		w.settle(c, false)
		return w.over(c)
	}
	return w.try(c)
}

// settle ends the counting of a call that may be repeated.
func (w *passage) settle(c *Call, well bool) {
	if w.counted {
		w.counted = false
		w.ways.attempts.end(w.attempt > 1, well)
	}
}

// over ends the call: what is there is the caller's, or an error that says which time is over.
func (w *passage) over(c *Call) (Target, bool, error) {
	c.state = callOver
	if w.err != nil {
		return Target{}, false, w.err
	}
	if c.last.fault == Timeout && w.until != 0 && clock() >= w.until-early {
		if w.ways != nil {
			counted("call_late", w.ways.rules.App)
		}
		limit := w.limit
		if w.until < w.deadline || w.deadline == 0 {
			limit = spelled(w.route.rule.Retry.PerTry, strings.TrimSpace(w.route.rule.Name+" perTryTimeout"))
		}
		return Target{}, false, &late{lowerText(c.out.Host), limit}
	}
	return Target{}, false, nil
}

// answered changes the headers of an answer.
func (w *passage) answered(header map[string][]string) {
	if w.change != nil {
		w.change.answer(header)
	}
}

// close ends what is still under way.
func (w *passage) close(c *Call) {
	if w.inside != nil {
		w.reach.standing.hosts.end(w.inside, nil)
		w.inside = nil
	}
	w.settle(c, !c.last.failed() && c.last.status < 500)
}
