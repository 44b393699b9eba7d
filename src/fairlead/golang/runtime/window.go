package fairlead

import "math"

// At most so many calls in any window (fairlead.flow.window). A small threshold is counted to date,
// by the times of the last calls that came in. A large one is counted in buckets: the current one and
// all those that a window ending now can reach into count in full, so that no window holds more than
// the threshold. With `buckets` it is counted as Sentinel counts, where the oldest bucket leaves when
// the current one begins.

const (
	never       = int64(1) << 62 // a time that does not come, and a count that is not reached
	unknownTime = -never         // of a call whose time is not remembered: longer ago than any window

	mostLogged   = 128 // largest threshold that is counted to date
	usualBuckets = 64
	ms           = int64(1_000_000)
)

// windowSize is what a window's threshold and length come to; times are nanoseconds.
type windowSize struct {
	most   int64 // the highest limit
	length int64
	step   int64 // length of a bucket; 0 for a window that is counted to date
	keep   int64 // buckets that count beside the current one
	far    int64 // how far ahead of now a call that was let in may begin, and a window's length more
}

// mark is the beginning of a bucket in which calls came, and what had come by then.
type mark struct{ start, count int64 }

// window is one window of a rate. What is in it is what the rate has counted since base.
type window struct {
	base  int64
	edge  int64 // when it has to be looked at though there is room
	limit int64
	start int64  // of the current bucket; counted to date, of calls that the log does not reach
	marks []mark // the oldest first; nil before the first call
	size  windowSize
	shape shape // nil for a limit that does not move
	lent  []mark
	reads bool // it limits nothing: another resource's rule reads it
	lends bool
}

func (w *window) tune(r *rateRule, number int, s shape) (resized bool) {
	before, rule := w.size, &r.Windows[number]
	most := rule.Threshold
	if s != nil {
		most = float64(s.most())
	}
	w.size = sizeOf(most, rule.WindowMs, rule.Buckets, r.BorrowMs)
	w.limit, w.shape, w.edge, w.lends = w.size.most, s, 0, r.BorrowMs > 0
	same := before.length == w.size.length && before.step == w.size.step && before.keep == w.size.keep
	if same || (before.step == 0 && w.size.step == 0) {
		return false
	}
	w.marks, w.start = nil, unknownTime
	return true
}

func sizeOf(threshold float64, windowMs, buckets, borrowMs int64) windowSize {
	size := windowSize{most: int64(math.Floor(threshold)), length: windowMs * ms, keep: buckets - 1}
	if buckets == 0 && size.most > mostLogged {
		buckets, size.keep = usualBuckets, usualBuckets
	}
	if buckets > 0 {
		size.step = (size.length + buckets - 1) / buckets
	}
	size.far = size.length + borrowMs*ms
	return size
}

// logs is how many times of calls a window has to have remembered for it.
func (w *window) logs() int64 {
	if w.size.step > 0 {
		return 0
	}
	return max(1, w.size.most)
}

// roll brings base, limit and edge up to now.
func (w *window) roll(r *rate, now int64) {
	for len(w.lent) > 0 && w.lent[0].start <= now {
		due := w.lent[0]
		w.lent = w.lent[1:]
		w.turnTo(r, due.start)
		w.raise(-due.count)
	}
	w.turnTo(r, now)
	if w.reads {
		w.limit = never / 2
	}
}

func (w *window) turnTo(r *rate, now int64) {
	if w.size.step > 0 {
		past := now - w.start
		if past >= w.size.step || past < -w.size.length || w.marks == nil {
			w.turn(r.count, now)
		}
		w.edge = w.start + w.size.step
	} else {
		w.follow(r, now)
		w.edge = never
	}
	if w.shape != nil {
		w.limit = w.shape.limit(r.count, now)
		w.edge = min(w.edge, w.shape.due())
	}
}

// turn begins the bucket of now; a clock that went back a whole window begins all anew.
func (w *window) turn(count, now int64) {
	start := now - floorMod(now, w.size.step)
	switch {
	case w.marks == nil: // what was used before counts as if it were now
		w.marks = make([]mark, 1, 8)
		w.marks[0] = mark{start, w.base}
	case start < w.start:
		w.marks = append(w.marks[:0], mark{start, count})
	default:
		oldest := start - w.size.keep*w.size.step
		old := 0
		for old < len(w.marks) && w.marks[old].start < oldest {
			old++
		}
		w.marks = append(w.marks[:copy(w.marks, w.marks[old:])], mark{start, count})
	}
	w.start, w.base = start, w.marks[0].count
}

func floorMod(a, b int64) int64 {
	if m := a % b; m >= 0 {
		return m
	} else {
		return m + b
	}
}

func (w *window) follow(r *rate, now int64) {
	if w.base == r.count {
		return
	}
	old, far := now-w.size.length, now+w.size.far
	if r.logged(r.count-1) > far {
		w.base = r.count // the clock went back further than a window is long
		return
	}
	if !(old < w.start && w.start <= far) {
		w.start = unknownTime
		w.base = max(w.base, r.count-int64(len(r.log)))
	}
	base, known := w.base, w.start == unknownTime
	for base < r.count && r.logged(base) <= old {
		if !known && w.came(r, base) > old {
			break
		}
		base++
	}
	w.base = base
}

// frees returns when there may be room again, at the latest of what is known.
func (w *window) frees(r *rate) int64 {
	if w.size.step == 0 {
		return w.came(r, w.base) + w.size.length
	}
	last := w.start
	if len(w.marks) > 0 {
		last = w.marks[len(w.marks)-1].start
		for i := 1; i < len(w.marks); i++ {
			if w.marks[i].count > w.base {
				last = w.marks[i-1].start
				break
			}
		}
	}
	return last + (w.size.keep+1)*w.size.step
}

// came returns when call i came, never of one that has not yet.
func (w *window) came(r *rate, i int64) int64 {
	if i >= r.count {
		return never
	}
	if i >= r.count-int64(len(r.log)) {
		if at := r.logged(i); at != unknownTime {
			return at
		}
	}
	return w.start
}

func (w *window) used(r *rate, now int64) int64 {
	w.roll(r, now)
	return r.count - w.base
}

// loan returns when n calls find room in what comes to be free, or never; after roll. What is lent
// has passed, and counts from when its call begins: until then the marks stand higher by it.
func (w *window) loan(r *rate, n int64) int64 {
	need := r.count - w.base + n - w.limit
	if w.size.step == 0 {
		if n > w.limit {
			return never
		}
		return w.came(r, w.base+need-1) + w.size.length
	}
	for ahead := int64(1); ahead < w.size.keep+2; ahead++ {
		begins := w.start + ahead*w.size.step
		owed := int64(0)
		for _, one := range w.lent {
			if one.start <= begins {
				owed += one.count
			}
		}
		base, oldest := r.count, begins-w.size.keep*w.size.step
		for _, one := range w.marks {
			if one.start >= oldest {
				base = one.count
				break
			}
		}
		if r.count-base+owed+n <= w.limit {
			return begins
		}
	}
	return never
}

// lend makes room for n calls that count in the bucket that begins then.
func (w *window) lend(r *rate, n, begins int64) {
	need := r.count - w.base + n - w.limit
	if w.size.step == 0 {
		w.base += need
		return
	}
	if w.marks == nil {
		return
	}
	w.raise(need)
	at := len(w.lent)
	for at > 0 && w.lent[at-1].start > begins {
		at--
	}
	w.lent = append(w.lent, mark{})
	copy(w.lent[at+1:], w.lent[at:])
	w.lent[at] = mark{begins, need}
}

func (w *window) raise(n int64) {
	if w.marks == nil {
		return
	}
	for i := range w.marks {
		w.marks[i].count += n
	}
	w.base += n
}
