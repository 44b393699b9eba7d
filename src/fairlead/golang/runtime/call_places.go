package fairlead

import "math/rand"

// grains are the parts that keys are told apart by where places share what one of them cannot take.
const grains = 9973

// byPlace returns the endpoints to try, of the lane and then of base, place by place.
func (c *choice) byPlace(pool *sides, call *Call, tried []string) []*endpoint {
	ill := c.standing.hosts.look()
	groups := append(c.placed(&pool.first, call, ill), c.placed(&pool.base, call, ill)...)
	if ill {
		for _, one := range []*side{&pool.first, &pool.base} {
			for _, part := range one.partsOf() {
				groups = append(groups, c.those(part, true))
			}
		}
	}
	kept := groups[:0]
	for _, group := range groups {
		if len(group) > 0 {
			kept = append(kept, group)
		}
	}
	groups = kept
	if len(groups) == 0 {
		return nil
	}
	if len(tried) > 0 {
		groups = untriedFirst(groups, tried)
	}
	order := c.choose(groups[0], call, tried)
	// One more of the same place, and then others: a place fails as a whole.
	head := min(2, len(order))
	found := append([]*endpoint{}, order[:head]...)
	for _, group := range groups[1:] {
		found = append(found, c.some(group)...)
	}
	return append(found, order[head:]...)
}

func (s *side) partsOf() [][]*endpoint {
	if s.near != nil {
		return s.near.parts
	}
	return [][]*endpoint{s.all}
}

// placed returns who of a side is well, place by place.
func (c *choice) placed(s *side, call *Call, ill bool) [][]*endpoint {
	if s.near == nil {
		if ill {
			return [][]*endpoint{c.those(s.all, false)}
		}
		return [][]*endpoint{s.all}
	}
	key, hashed := "", false
	if c.cluster.Balance.hashed() {
		key, hashed = c.key(call)
	}
	if ill {
		chance := rand.Float64()
		if hashed {
			chance = float64(hashOf(key)%grains) / grains
		}
		return append([][]*endpoint{}, s.near.healthy(c.well(s.near.parts), chance)...)
	}
	turn := uint64(0)
	if len(s.near.turns) > 0 {
		if hashed {
			turn = hashOf(key)
		} else {
			turn = c.standing.places.Add(1)
		}
	}
	return append([][]*endpoint{}, s.near.order(turn)...)
}

// untriedFirst puts the group first whose instances have not all failed the call, in front. It is one
// of the same lane: who repeats does not leave it.
func untriedFirst(groups [][]*endpoint, tried []string) [][]*endpoint {
	for i, group := range groups {
		if group[0].lane == groups[0][0].lane && len(untried(group, tried)) > 0 {
			return ledBy(groups, i)
		}
	}
	return groups
}
