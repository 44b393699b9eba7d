package fairlead

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What makes rules about the flow of calls fit to enforce (fairlead.policy.flow_rules.problem).

const (
	mostThreshold = 1_000_000_000    // more calls than a process can see in any window
	mostMs        = 366 * 86_400_000 // the longest window, queue or pause: a year
	mostBuckets   = 1000
)

// checkFlow reads the rules of a snapshot about the flow of calls, and of overload, and refuses those
// that cannot be enforced: an error refuses the snapshot, r.refuse a part of it.
func checkFlow(s *snapshot, r *jsonReading) error {
	if s.FlowPart != nil {
		if err := r.readJSON(s.FlowPart, &s.flow, "flow"); err != nil {
			return err
		}
	}
	if err := s.flow.keepSound(r); err != nil {
		return err
	}
	if err := s.flow.check(); err != nil {
		return err
	}
	return checkOverload(s, r)
}

// readJSON reads a value and its threshold.
func (h *hotItem) readJSON(value any, path string, r *jsonReading) error {
	pair, ok := value.([]any)
	if !ok {
		return jsonExpected("list", value, path)
	}
	if len(pair) != 2 {
		return fmt.Errorf("%s: expected 2 items, got %d", path, len(pair))
	}
	if err := r.readJSON(pair[0], &h.value, path+"[0]"); err != nil {
		return err
	}
	return r.readJSON(pair[1], &h.most, path+"[1]")
}

// keepSound takes away rules whose expressions mean other things here than in Python.
func (f *flowRules) keepSound(r *jsonReading) error {
	hots := f.Hots[:0]
	for _, one := range f.Hots {
		if _, err := valueTest(one.Param.Match, one.Param.Pattern); err != nil {
			if one.Param.Match != "regex" {
				return fmt.Errorf("flow: %s, %s: param: %w", one.Rule, one.Strategy, err)
			}
			r.refuse("flow: " + one.Rule + ": param: " + err.Error())
			continue
		}
		hots = append(hots, one)
	}
	f.Hots = soundOf(hots, r)
	f.Authorities, f.Rates = soundOf(f.Authorities, r), soundOf(f.Rates, r)
	f.Throttles, f.Caps, f.Breakers = soundOf(f.Throttles, r), soundOf(f.Caps, r), soundOf(f.Breakers, r)
	return nil
}

func soundOf[T any, P interface {
	*T
	base() *rule
}](rules []T, r *jsonReading) []T {
	kept := rules[:0]
	for i := range rules {
		if one := P(&rules[i]).base(); one.Regex {
			if _, err := wholeMatch(one.Resource); err != nil {
				r.refuse("flow: " + one.Rule + ": resource: " + err.Error())
				continue
			}
		}
		kept = append(kept, rules[i])
	}
	return kept
}

func (r *rule) base() *rule { return r }

func wholeMatch(pattern string) (func(string) bool, error) { return pythonRegex(pattern) }

// check returns an error where a rule would turn every call away, or answer what is no answer.
func (f *flowRules) check() error {
	for i := range f.Authorities {
		if err := f.Authorities[i].problem(nil, nil, nil); err != nil {
			return err
		}
	}
	for i := range f.Hots {
		if err := f.Hots[i].check(); err != nil {
			return err
		}
	}
	for i := range f.Rates {
		if err := f.Rates[i].check(); err != nil {
			return err
		}
	}
	for i := range f.Throttles {
		if err := f.Throttles[i].check(); err != nil {
			return err
		}
	}
	for i := range f.Caps {
		if err := f.Caps[i].problem([]float64{float64(f.Caps[i].Most)}, nil, nil); err != nil {
			return err
		}
	}
	for i := range f.Breakers {
		if err := f.Breakers[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// problem returns why a rule of so many amounts and lengths (ms) cannot be enforced; shape is what is
// wrong beside.
func (r *rule) problem(amounts []float64, lengths []int64, shape error) error {
	wrong := func(text string) error { return fmt.Errorf("flow: %s, %s: %s", r.Rule, r.Strategy, text) }
	switch {
	case r.Resource == "":
		return wrong("no resource")
	case r.Mode != modeEnforce && r.Mode != modeSimulate:
		return wrong("mode " + pythonText(r.Mode) + " is none of on, simulate")
	case r.Fallback.Status < 200 || r.Fallback.Status > 599:
		return wrong("no status of a response")
	case !r.Fallback.canBeSent():
		return wrong("no headers or no text")
	}
	for _, amount := range amounts {
		if !(0 <= amount && amount <= mostThreshold) { // NaN is among what no comparison holds of
			return wrong("no threshold")
		}
	}
	for _, length := range lengths {
		if length < 1 || length > mostMs {
			return wrong("no window or no pause")
		}
	}
	if shape != nil {
		return wrong(shape.Error())
	}
	return nil
}

// canBeSent tells whether no header begins another one, and all of it has bytes.
func (f *fallback) canBeSent() bool {
	for _, header := range f.Headers {
		for _, text := range header {
			if strings.ContainsAny(text, "\r\n\x00") || !utf8.ValidString(text) ||
				strings.IndexFunc(text, func(c rune) bool { return c > 0xFF }) >= 0 {
				return false
			}
		}
	}
	for _, text := range [2]*string{f.Body, f.GRPCMessage} {
		if text != nil && !utf8.ValidString(*text) {
			return false
		}
	}
	return true
}

func (w *warmUpRule) lengths(more ...int64) []int64 {
	if w != nil {
		more = append(more, w.PeriodMs)
	}
	return more
}

func (w *warmUpRule) shape() error {
	if w != nil && !(1 < w.ColdFactor && w.ColdFactor <= mostThreshold) {
		return errors.New("a cold factor is greater than 1")
	}
	return nil
}

func (r *rateRule) check() error {
	amounts, lengths := []float64{float64(r.BorrowMs)}, r.WarmUp.lengths()
	for _, one := range r.Windows {
		amounts, lengths = append(amounts, one.Threshold), append(lengths, one.WindowMs)
	}
	if r.Memory != nil {
		amounts = append(amounts, r.Memory.LowThreshold, r.Memory.HighThreshold)
	}
	return r.problem(amounts, lengths, r.shape())
}

func (r *rateRule) shape() error {
	if err := r.WarmUp.shape(); err != nil {
		return err
	}
	if single := r.WarmUp != nil || r.Memory != nil; len(r.Windows) == 0 || single && len(r.Windows) > 1 {
		return errors.New("no window, or more than one with a warm-up")
	}
	for _, one := range r.Windows {
		if one.Buckets < 0 || one.Buckets > mostBuckets {
			return errors.New("no number of buckets")
		}
		if one.Buckets > 0 && one.WindowMs%one.Buckets != 0 {
			return errors.New("buckets that do not divide their window")
		}
	}
	if m := r.Memory; m != nil && !(0 <= m.LowBytes && m.LowBytes < m.HighBytes) {
		return errors.New("the low mark of the memory is not below the high one")
	}
	return nil
}

func (t *throttleRule) check() error {
	shape := t.WarmUp.shape()
	if shape == nil && (t.Burst < 1 || t.WarmUp != nil && t.Burst > 1) {
		shape = errors.New("a burst is at least 1, and 1 with a warm-up")
	}
	return t.problem([]float64{t.Threshold, t.Burst}, t.WarmUp.lengths(t.WindowMs, max(1, t.QueueMs)), shape)
}

func (h *hotRule) check() error {
	amounts := []float64{h.Threshold, h.Burst, float64(h.MostValues)}
	for _, item := range h.Items {
		amounts = append(amounts, item.most)
	}
	var shape error
	if h.Behaviour != hotReject && h.Behaviour != hotPace && h.Behaviour != hotInFlight {
		shape = fmt.Errorf("behaviour %s is unknown", pythonText(h.Behaviour))
	}
	return h.problem(amounts, []int64{h.WindowMs, max(1, h.QueueMs)}, shape)
}

func (b *breakerRule) check() error {
	lengths := []int64{b.WindowMs, b.RecoveryMs, b.Probes, b.Steps, max(1, b.LeaseMs)}
	return b.problem([]float64{b.Threshold, float64(b.MinRequests)}, lengths, b.shape())
}

func (b *breakerRule) shape() error {
	switch {
	case b.Kind != slowRatio && b.Kind != errorRatio && b.Kind != errorCount:
		return fmt.Errorf("strategy %s is unknown", pythonText(b.Kind))
	case b.Kind != errorCount && b.Threshold > 1:
		return errors.New("a ratio is at most 1")
	case b.Buckets < 1 || b.Buckets > mostBuckets:
		return errors.New("no number of buckets")
	case !(0 <= b.SlowMs && b.SlowMs <= mostMs):
		return errors.New("no time that is slow")
	}
	return nil
}

// simulated returns the same rules, which count what they would reject, and reject nothing.
func (f *flowRules) simulated() *flowRules {
	copied := *f
	copied.Authorities, copied.Hots = simulating(f.Authorities), simulating(f.Hots)
	copied.Rates, copied.Throttles = simulating(f.Rates), simulating(f.Throttles)
	copied.Caps, copied.Breakers = simulating(f.Caps), simulating(f.Breakers)
	return &copied
}

func simulating[T any, P interface {
	*T
	base() *rule
}](rules []T) []T {
	found := append([]T(nil), rules...)
	for i := range found {
		P(&found[i]).base().Mode = modeSimulate
	}
	return found
}
