package fairlead

// rate is what one rateRule counts at one resource, or for one caller there: calls in all, and
// windows that are bookmarks in them. Whoever asks holds the lock of its family.
type rate struct {
	rule    *rateRule
	count   int64
	log     []int64 // when the last calls came: of call i at i & (len-1)
	windows []window

	ceiling int64 // nobody passes beyond this count, until edge
	edge    int64
	since   int64 // from when until when it is known that tight stays full
	opens   int64
	tight   *window
}

func newRate(r *rateRule, w *world) *rate {
	made := &rate{windows: make([]window, len(r.Windows))}
	for i := range made.windows {
		made.windows[i].start = unknownTime
	}
	made.tune(r, w)
	return made
}

func (r *rate) logged(i int64) int64 { return r.log[i&int64(len(r.log)-1)] }

// tune judges by another rule from now on; calls that were counted go on counting.
func (r *rate) tune(to *rateRule, w *world) {
	now, first := w.now(), r.rule == nil
	if len(to.Windows) < len(r.windows) {
		r.windows = r.windows[:len(to.Windows)]
	}
	for len(r.windows) < len(to.Windows) {
		r.windows = append(r.windows, window{base: r.count, start: unknownTime})
	}
	r.rule = to
	logs := false
	for i := range r.windows {
		one, used := &r.windows[i], int64(0)
		if !first {
			r.lengthen(one.logs())
			used = one.used(r, now)
		}
		moved := shapeOf(to, w)
		if moved != nil {
			moved.follow(one.shape)
		}
		if one.tune(to, i, moved) && !first {
			one.base = r.count - used
			if one.logs() > 0 {
				one.start = now
				r.remember(used, one.logs(), now)
			}
		}
		logs = logs || one.logs() > 0
	}
	if !logs {
		r.log = nil
	}
	r.ceiling, r.edge, r.since, r.opens, r.tight = never, 0, 0, 0, nil
}

// lengthen remembers the times of so many calls.
func (r *rate) lengthen(span int64) {
	if span <= int64(len(r.log)) {
		return
	}
	size := int64(1)
	for size < span {
		size *= 2
	}
	log := make([]int64, size)
	for i := range log {
		log[i] = unknownTime
	}
	for i := max(0, r.count-int64(len(r.log))); i < r.count; i++ {
		log[i&(size-1)] = r.logged(i)
	}
	r.log = log
}

// remember takes the last calls for ones of now whose times are not known.
func (r *rate) remember(used, span, now int64) {
	known := int64(len(r.log))
	r.lengthen(span)
	size := int64(len(r.log))
	for i := max(0, r.count-min(used, size)); i < r.count; i++ {
		if at := &r.log[i&(size-1)]; i < r.count-known || *at == unknownTime {
			*at = now
		}
	}
}

// roomy tells whether it is known without a look at the windows that there is room for one.
func (r *rate) roomy(now int64) bool { return now < r.edge && r.count < r.ceiling }

// lacking returns the window without room for n, or nil; it brings the marks up to date.
func (r *rate) lacking(n, now int64) *window {
	if now < r.edge && r.count+n <= r.ceiling {
		return nil
	}
	if r.since <= now && now < r.opens && r.count+n > r.ceiling {
		return r.tight
	}
	ceiling, edge := never, never
	var tight *window
	for i := range r.windows {
		one := &r.windows[i]
		r.lengthen(one.logs())
		one.roll(r, now)
		edge = min(edge, one.edge)
		if top := one.base + one.limit; top < ceiling {
			ceiling, tight = top, one
		}
	}
	r.ceiling, r.edge, r.tight, r.opens = ceiling, edge, tight, 0
	if tight == nil || r.count+n <= ceiling {
		return nil
	}
	r.since, r.opens = now, min(edge, tight.frees(r))
	return tight
}

// after returns in how many nanoseconds there may be room; 0 where there never is.
func (r *rate) after(full *window, now int64) int64 {
	if full.limit == 0 {
		return 0
	}
	return max(0, r.opens-now)
}

// take counts n calls that begin then.
func (r *rate) take(n, now int64) {
	if len(r.log) > 0 {
		for i := r.count; i < r.count+n; i++ {
			r.log[i&int64(len(r.log)-1)] = now
		}
	}
	r.count += n
}

// deferred remembers that the last n calls begin later.
func (r *rate) deferred(n, begins int64) {
	for i := r.count - n; i < r.count && len(r.log) > 0; i++ {
		r.log[i&int64(len(r.log)-1)] = begins
	}
}
