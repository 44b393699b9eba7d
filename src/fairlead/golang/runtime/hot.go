package fairlead

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// How often one value of a call's part may come (fairlead.flow.hot): a caller's address, a tenant, an
// article. Values are compared as text; text that is longer than a few words stands in memory as its
// digest. Whoever asks holds the lock of the family.

const (
	longestValue    = 64 // characters of a value that are kept as they are
	valuesPerSecond = 4000
	mostValues      = 20_000
	rejected        = int64(-1)
)

// hotTuning is what one value may: permits of a window and the most that a bucket holds, how far
// apart its calls are, or how many may be under way.
type hotTuning struct {
	rate, most int64
	distance   float64
	inside     float64
}

func tuningOf(r *hotRule, threshold float64) hotTuning {
	t := hotTuning{rate: int64(threshold), distance: math.Inf(1), inside: threshold}
	if t.rate > 0 {
		t.most = t.rate + int64(r.Burst)
	}
	if threshold > 0 {
		t.distance = float64(r.WindowMs*ms) / threshold
	}
	return t
}

// hotKey is what stands for a value, and how often a call has it.
type hotKey struct {
	key   string
	times int64
}

// hot is one hotRule at one resource. test says whether a call may pass, take counts it, leave ends
// it.
type hot struct {
	rule    *hotRule
	matches func(string) bool // nil for every value
	window  int64
	far     int64 // how far a last call can be ahead before the clock must have gone back
	queue   int64
	usual   hotTuning
	items   map[string]*hotTuning
	recent  *recent
	inside  map[string]int64

	tested int32 // place of the value that was tested last
	wait   int64 // of what was rejected last, until there may be room
}

func newHot(r *hotRule) *hot {
	h := &hot{}
	if r.Behaviour == hotInFlight {
		h.inside = map[string]int64{}
	} else {
		most := r.MostValues
		if most == 0 {
			most = min(mostValues, max(1, valuesPerSecond*r.WindowMs/1000))
		}
		h.recent = newRecent(most)
	}
	h.tune(r)
	return h
}

// tune judges by a rule of the same behaviour and param from now on, and goes on counting.
func (h *hot) tune(r *hotRule) {
	h.rule, h.window, h.queue = r, r.WindowMs*ms, r.QueueMs*ms
	h.matches, _ = valueTest(r.Param.Match, r.Param.Pattern)
	h.usual, h.items = tuningOf(r, r.Threshold), nil
	refills := int64(0)
	for _, item := range r.Items {
		if h.items == nil {
			h.items = map[string]*hotTuning{}
		}
		own := tuningOf(r, item.most)
		h.items[keyOf(item.value)] = &own
		refills = max(refills, own.refills(h.window))
	}
	h.far = h.queue + h.window
	if r.Behaviour == hotReject {
		h.far = h.window + max(refills, h.usual.refills(h.window))
	}
	if h.recent == nil {
		return
	}
	for i := 1; i < len(h.recent.nodes); i++ {
		node := &h.recent.nodes[i]
		node.own = h.items[node.key]
		node.rest = min(node.rest, h.of(&node.valueState).most)
	}
}

func (t *hotTuning) refills(window int64) int64 {
	if t.rate == 0 {
		return 0
	}
	return mulDiv(t.most, window, t.rate)
}

func (h *hot) of(s *valueState) *hotTuning {
	if s.own != nil {
		return s.own
	}
	return &h.usual
}

// keyOf returns what stands for a text in memory: at most some 64 characters.
func keyOf(text string) string {
	if len(text) <= longestValue || utf8.RuneCountInString(text) <= longestValue {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return "\xff" + string(sum[:16])
}

// valueTest returns what tells the values that a limit is for; nil: it is for all.
func valueTest(operator, pattern string) (func(string) bool, error) {
	if operator == "" || pattern == "" {
		return nil, nil
	}
	switch operator {
	case "exact":
		return func(text string) bool { return text == pattern }, nil
	case "prefix":
		return func(text string) bool { return strings.HasPrefix(text, pattern) }, nil
	case "contains":
		return func(text string) bool { return strings.Contains(text, pattern) }, nil
	case "regex":
		return wholeMatch(pattern)
	}
	return nil, fmt.Errorf("unknown operator %s", pythonText(operator))
}

// test returns 0 where n calls may pass, ns to wait before, or rejected. Of several values all must
// have room.
func (h *hot) test(now, n int64, v *valueAsked) int64 {
	if v.several == nil {
		if h.matches != nil && !h.matches(v.one) {
			h.tested = -1
			return 0
		}
		return h.testKey(now, n, keyOf(v.one))
	}
	wait := int64(0)
	for _, one := range h.keys(v) {
		found := h.testKey(now, n*one.times, one.key)
		if found < 0 {
			return found
		}
		wait = max(wait, found)
	}
	return wait
}

func (h *hot) testKey(now, n int64, key string) int64 {
	if h.inside != nil {
		most := &h.usual
		if own := h.items[key]; own != nil {
			most = own
		}
		if float64(h.inside[key]+n) <= most.inside {
			return 0
		}
		h.wait = 0
		return rejected
	}
	h.tested = h.recent.use(key)
	if h.tested == 0 {
		h.tested = h.begin(now, key)
	}
	state := &h.recent.nodes[h.tested].valueState
	if h.rule.Behaviour == hotPace {
		return h.testPace(now, n, state)
	}
	return h.testBucket(now, n, state)
}

func (h *hot) testBucket(now, n int64, s *valueState) int64 {
	if n <= s.rest {
		return 0
	}
	if elapsed := now - s.at; elapsed < -h.window || elapsed > h.window {
		if n <= h.refilled(elapsed, s) {
			return 0
		}
	}
	h.wait = 0
	if h.of(s).rate > 0 {
		h.wait = max(0, s.at+h.window+1-now) // nothing is added before a window has passed
	}
	return rejected
}

func (h *hot) refilled(elapsed int64, s *valueState) int64 {
	own := h.of(s)
	if elapsed < 0 { // the clock went back by more than a window: begin anew
		return own.most
	}
	return min(own.most, s.rest+mulDiv(elapsed, own.rate, h.window))
}

func (h *hot) testPace(now, n int64, s *valueState) int64 {
	distance := h.of(s).distance
	if math.IsInf(distance, 1) {
		h.wait = 0
		return rejected
	}
	wait := s.at + stepOf(n, distance) - now
	if wait <= 0 || s.at-now > h.far {
		return 0
	}
	if wait < h.queue {
		return wait
	}
	h.wait = max(0, s.at+stepOf(1, distance)-now)
	if h.queue > 0 {
		h.wait = max(0, s.at+stepOf(1, distance)-now-h.queue+1)
	}
	return rejected
}

// take counts n calls that test lets pass at now, and says what is to be left at their end.
func (h *hot) take(now, n int64, v *valueAsked) []hotKey {
	if v.several == nil && h.inside == nil {
		if h.tested > 0 {
			h.takeState(now, n, &h.recent.nodes[h.tested].valueState)
		}
		return nil
	}
	keys := h.keys(v)
	for i := range keys {
		keys[i].times *= n
		if h.inside != nil {
			h.inside[keys[i].key] += keys[i].times
			continue
		}
		at := h.recent.use(keys[i].key)
		if at == 0 {
			at = h.begin(now, keys[i].key)
		}
		h.takeState(now, keys[i].times, &h.recent.nodes[at].valueState)
	}
	if h.inside == nil {
		return nil
	}
	return keys
}

func (h *hot) takeState(now, n int64, s *valueState) {
	if h.rule.Behaviour == hotPace {
		begins := s.at + stepOf(n, h.of(s).distance)
		if s.at-now > h.far { // further ahead than anybody waits: the clock went back
			begins = now
		}
		s.at = max(now, begins)
		return
	}
	if elapsed := now - s.at; elapsed < -h.window || elapsed > h.window {
		s.rest, s.at = h.refilled(elapsed, s), now
	}
	s.rest -= n
}

func (h *hot) leave(keys []hotKey) {
	for _, one := range keys {
		if rest := h.inside[one.key] - one.times; rest > 0 {
			h.inside[one.key] = rest
		} else {
			delete(h.inside, one.key)
		}
	}
}

// keys returns the values that are limited, each once.
func (h *hot) keys(v *valueAsked) []hotKey {
	texts := v.several
	switch {
	case texts == nil:
		texts = []string{v.one}
	case !h.rule.Elements:
		texts = []string{listText(texts)}
	}
	var keys []hotKey
next:
	for _, text := range texts {
		if h.matches != nil && !h.matches(text) {
			continue
		}
		key := keyOf(text)
		for i := range keys {
			if keys[i].key == key {
				keys[i].times++
				continue next
			}
		}
		keys = append(keys, hotKey{key, 1})
	}
	return keys
}

// listText is what a list is called that is one value: as Python writes it.
func listText(texts []string) string {
	return "['" + strings.Join(texts, "', '") + "']"
}

// begin makes the state of a value that has none, as it owes what it owed when it was pushed out.
func (h *hot) begin(now int64, key string) int32 {
	s := valueState{own: h.items[key]}
	own, debt := h.of(&s), h.recent.owes(key)
	if h.rule.Behaviour == hotPace {
		s.at = -never
		if debt > now && !math.IsInf(own.distance, 1) {
			s.at = debt - stepOf(1, own.distance)
		}
	} else {
		s.at, s.rest = now, own.most
		if now < debt && debt <= now+h.far && own.rate > 0 {
			// What is less than a permit is time: so nothing is lost by being pushed out again.
			s.rest -= mulDivUp(debt-now, own.rate, h.window)
			s.at = debt - mulDiv(own.most-s.rest, h.window, own.rate)
		}
	}
	return h.recent.put(key, s, now, h.endOf)
}

// endOf returns when a state has no more effect: a bucket is full, a call may begin at once.
func (h *hot) endOf(s *valueState) int64 {
	own := h.of(s)
	switch {
	case h.rule.Behaviour == hotPace && !math.IsInf(own.distance, 1):
		return s.at + stepOf(1, own.distance)
	case h.rule.Behaviour == hotPace || own.rate == 0:
		return s.at
	}
	return s.at + mulDiv(own.most-s.rest, h.window, own.rate) + 1
}
