package fairlead

import "sync/atomic"

// limiter is a limit to the calls at a time (capRule).
type limiter struct {
	rule   *capRule
	inside atomic.Int64
	before []*program // whose calls came before the limit, and count until they end
}

// over tells whether n more would be too many. The lock of the family is held: others only end.
func (l *limiter) over(n int64) bool {
	inside := l.inside.Load() + n
	if len(l.before) > 0 {
		inside += l.older()
	}
	return inside > l.rule.Most
}

func (l *limiter) older() (inside int64) {
	left := l.before[:0]
	for _, one := range l.before {
		if n := one.inside.Load(); n > 0 {
			inside += n
			left = append(left, one)
		}
	}
	l.before = left
	return inside
}
