package fairlead

import "strings"

// reach returns the next endpoint by contract 13: at most three, those of the lane first and then
// base, where connections are refused.
func (c *Call) reach() (Target, bool, error) {
	if c.state == callFresh {
		if err := c.choose(); err != nil {
			return Target{}, false, err
		}
	} else if !c.another() {
		c.state = callOver
		return Target{}, false, nil
	}
	c.target = c.order[c.position]
	c.sent++
	return c.aimed(), true, nil
}

// choose finds the endpoints, or says that there are none.
func (c *Call) choose() error {
	c.state, c.position = callFirst, 0
	pool := c.callee.pool(c.lane)
	room := c.orderRoom[:0]
	if all := len(pool.first) + len(pool.base); all > cap(room) && anyAvoided() {
		room = make([]*endpoint, 0, all) // whoever is well comes first, wherever he stands
	}
	c.order = pool.order(room)
	avoidedLast(c.order)
	if len(c.order) > 0 {
		return nil
	}
	c.state = callOver
	return &unreachable{app: lowerText(c.out.Host), lane: c.lane, unfit: c.callee.unfit(c.lane)}
}

func (c *callee) unfit(lane string) [][2]string {
	if found := c.pools[lane]; found != nil {
		return found.unfit
	}
	return nil
}

// mostEndpoints are tried for one call.
const mostEndpoints = 3

// another moves on to the endpoint to try after an attempt that failed, if there is one.
func (c *Call) another() bool {
	if !c.last.failed() {
		return false
	}
	if c.last.fault == Refused {
		avoid(c.target.address)
	}
	switch {
	case c.state == callAgain:
		if c.last.fault != Refused && (c.last.fault != Dropped || c.target != c.standIn) {
			return false
		}
	case c.last.fault == Dropped && isIdempotent(c.out.Method) && !c.out.GRPC:
		c.repeat()
		return true
	case c.last.fault != Refused:
		return false
	}
	c.position++
	return c.position < min(mostEndpoints, len(c.order))
}

// repeat has a call sent again whose kept connection has died: at another endpoint of its lane, as who
// dies may accept one more connection before he is gone; where there is none, or that one's is dead
// too, at the same one: who closes idle connections is no reason to leave a lane.
func (c *Call) repeat() {
	dropped, behind := c.target, c.order[c.position+1:]
	again := make([]*endpoint, 0, len(behind)+1)
	c.standIn = nil
	for _, one := range behind {
		if one.lane == dropped.lane && !isAvoided(one.address) {
			c.standIn = one
			again = append(again, one)
			break
		}
	}
	again = append(again, dropped)
	for _, one := range behind {
		if one != c.standIn {
			again = append(again, one)
		}
	}
	c.order, c.position, c.state = again, 0, callAgain
}

func isIdempotent(method string) bool {
	switch strings.ToUpper(method) {
	case "", "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}
