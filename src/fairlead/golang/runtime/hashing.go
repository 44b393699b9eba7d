package fairlead

import (
	"encoding/binary"
	"sort"
	"strconv"
	"strings"
)

// Tables that lead a value to one instance in every caller, and move few when one comes or goes
// (fairlead.flow.hashing).

// hashOf returns 64 bits of a text, alike in every process and language.
func hashOf(text string) uint64 { return binary.BigEndian.Uint64(blake2b([]byte(text), 8)) }

// hashTable returns positions of instances for a place: first the one that is meant, then who stands
// in.
type hashTable func(where uint64) []int

const (
	mostStandIns = 4
	usualRing    = 1024
	usualPlaces  = 65_537
	largestRing  = 16_384
	pointsAtOnce = 8
)

// ringOf returns a ring of at least size points.
func ringOf(names []string, size int) hashTable {
	type point struct {
		at    uint64
		owner int
	}
	each := max((size+len(names)-1)/len(names), min(size, largestRing/len(names)))
	points := make([]point, 0, each*len(names))
	for owner, name := range names {
		for number := 0; number < each; number += pointsAtOnce {
			made := blake2b([]byte(name+"_"+strconv.Itoa(number)), 8*pointsAtOnce)
			for i := 0; i < min(pointsAtOnce, each-number); i++ {
				points = append(points, point{binary.BigEndian.Uint64(made[8*i:]), owner})
			}
		}
	}
	sort.Slice(points, func(i, j int) bool {
		if points[i].at != points[j].at {
			return points[i].at < points[j].at
		}
		return points[i].owner < points[j].owner
	})
	most := min(mostStandIns, len(names))
	return func(where uint64) (found []int) {
		at := sort.Search(len(points), func(i int) bool { return points[i].at > where })
		for ; len(found) < most; at++ {
			found = appendPosition(found, points[at%len(points)].owner)
		}
		return found
	}
}

// maglevOf returns a table of so many places, a prime number.
func maglevOf(names []string, size int) hashTable {
	count, whole := len(names), uint64(size)
	nexts, skips := make([]uint64, count), make([]uint64, count)
	for i, name := range names {
		nexts[i] = hashOf(name+"|offset") % whole
		skips[i] = hashOf(name+"|skip")%(whole-1) + 1
	}
	owners := make([]int32, size)
	for i := range owners {
		owners[i] = -1
	}
	for filled := 0; filled < size; {
		for position := 0; position < count && filled < size; position++ {
			at := nexts[position]
			for owners[at] >= 0 {
				at = (at + skips[position]) % whole
			}
			owners[at] = int32(position)
			nexts[position] = (at + skips[position]) % whole
			filled++
		}
	}
	most := min(mostStandIns, count)
	return func(where uint64) []int {
		found := []int{int(owners[where%whole])}
		for turn := uint64(1); turn < mostStandIns*4 && len(found) < most; turn++ {
			found = appendPosition(found, int(owners[(where%whole+turn*(0x9E3779B97F4A7C15%whole))%whole]))
		}
		return found
	}
}

func appendPosition(to []int, position int) []int {
	for _, one := range to {
		if one == position {
			return to
		}
	}
	return append(to, position)
}

// hash makes the tables, those of the last snapshot where nobody came or went.
func (c *choice) hash() {
	balance := &c.cluster.Balance
	size := int(balance.Size)
	if size == 0 {
		size = usualRing
		if balance.Algorithm == maglevHash {
			size = usualPlaces
		}
	}
	c.standing.lock.Lock()
	defer c.standing.lock.Unlock()
	next := map[string]hashTable{}
	for _, pool := range c.pools {
		for _, one := range []*side{&pool.first, &pool.base} {
			one.table, one.parts = map[string]hashTable{}, map[string][]*endpoint{}
			for _, part := range one.partsOf() {
				if len(part) == 0 {
					continue
				}
				names := namesOf(part)
				key := balance.Algorithm + " " + strconv.Itoa(size) + " " + strings.Join(names, " ")
				table := next[key]
				if table == nil {
					table = c.standing.tables[key]
				}
				if table == nil && balance.Algorithm == ringHash {
					table = ringOf(names, size)
				} else if table == nil {
					table = maglevOf(names, size)
				}
				next[key] = table
				one.table[strings.Join(names, " ")] = table
				one.parts[strings.Join(names, " ")] = part
			}
		}
	}
	c.standing.tables = next
}

func namesOf(all []*endpoint) (names []string) {
	for _, one := range all {
		names = append(names, one.address)
	}
	return names
}

// led returns where a key leads: the healthy ones of its way, if some are left out.
func (c *choice) led(group []*endpoint, where uint64) []*endpoint {
	key := strings.Join(namesOf(group), " ")
	for _, pool := range c.pools {
		for _, one := range []*side{&pool.first, &pool.base} {
			if table := one.table[key]; table != nil {
				return pickedOf(one.parts[key], table(where), nil)
			}
		}
	}
	within := setOf(namesOf(group))
	for _, pool := range c.pools {
		for _, one := range []*side{&pool.first, &pool.base} {
			for name, table := range one.table {
				if found := pickedOf(one.parts[name], table(where), within); len(found) > 0 {
					return found
				}
			}
		}
	}
	return behind(group, int(where%uint64(len(group))))
}

func pickedOf(all []*endpoint, positions []int, within map[string]bool) (found []*endpoint) {
	for _, position := range positions {
		if one := all[position]; within == nil || within[one.address] {
			found = append(found, one)
		}
	}
	return found
}
