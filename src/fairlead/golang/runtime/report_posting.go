package fairlead

import (
	"encoding/json"
	"sync"
	"time"
)

// posting makes one report at a time and sends it: with renewals as long as nobody is in a hurry,
// else by itself (fairlead.agent.{reporter,posting}). A report is kept until it has arrived, and the
// next begins where it ended.
type posting struct {
	whose   *subscription
	told    func() telemetry
	address func() string
	own     *connection
	goodbye *connection
	figures figures

	lock      sync.Mutex
	before    reading
	began     time.Time
	pending   *plainReport
	back      reading // what there was, and when, before the report that waits
	backBegan time.Time
	early     time.Duration // that the last report was made before it was due
	notBefore time.Time
	unheard   int
	seq       int64
	arrivedAt time.Time
	failures  int
	next      time.Time
}

const (
	mostUnheard   = 3                // answers that say nothing of a report, after which it is taken back
	silentAfter   = time.Minute      // the control plane seems to know nothing of reports then
	longestKept   = time.Hour        // that a report which is taken back may be long
	longestPost   = 30 * time.Second // between two tries where the control plane is away
	shortestBreak = 50 * time.Millisecond
	reportsPath   = wireRoot + "/reports"
)

func newPosting(d *door, whose *subscription, told func() telemetry) *posting {
	now := time.Now()
	return &posting{
		whose:   whose,
		told:    told,
		address: func() string { return "" },
		own:     d.connection(answerTimeout),
		goodbye: d.connection(leaveTimeout),
		figures: figures{at: now},
		before:  reading{},
		began:   now,
	}
}

func (p *posting) hurried() bool { return p.told().every < usualRenew }

// untilDue returns how long it is until a report is due, 0 where one waits to be sent.
func (p *posting) untilDue() time.Duration {
	if p.pending != nil {
		return 0
	}
	return max(0, time.Until(p.dueAt()))
}

// dueAt makes up for renewals that came early or late: on average it is as often as is asked for.
func (p *posting) dueAt() time.Time {
	every := p.told().every
	due := p.began.Add(every + min(p.early, every/2))
	if due.Before(p.notBefore) {
		return p.notBefore
	}
	return due
}

// due returns the report to send now, nil where none is due within soon.
func (p *posting) due(soon time.Duration) *plainReport {
	if p.pending == nil && p.untilDue() <= soon && counting.Load() {
		p.make()
	}
	return p.pending
}

func (p *posting) make() {
	told := p.told()
	mostNames.Store(int64(told.interfaces))
	due, at, now := p.dueAt(), time.Now(), readAll()
	made := reportOf(now, p.before, p.seq+1, at.Sub(p.began).Seconds())
	made.Requests, made.Runtime = takeTapped(), p.figures.since()
	if p.early = due.Sub(at); p.early.Abs() >= told.every/2 {
		p.early = 0
	}
	p.back, p.backBegan = p.before, p.began
	p.before, p.began, p.seq, p.pending = now, at, p.seq+1, &made
}

// riding returns the report to send with a renewal, nil where there is none, or it goes alone.
func (p *posting) riding() json.RawMessage {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.hurried() {
		return nil
	}
	report := p.due(usualRenew / 2)
	if report == nil {
		return nil
	}
	if body, small := report.sized(); small {
		return body
	}
	return nil
}

// answered hears of a renewal up to which report all have arrived; 0 where that is not said.
func (p *posting) answered(report json.RawMessage, seq int64) {
	if report == nil {
		return
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.arrived(seq)
}

func (p *posting) arrived(seq int64) {
	if p.pending == nil {
		return
	}
	if seq >= p.pending.Seq {
		p.pending, p.unheard, p.arrivedAt = nil, 0, time.Now()
		return
	}
	if p.unheard++; p.unheard >= mostUnheard {
		p.takeBack()
	}
}

// refused hears that a renewal is refused: it may be for the size of the report.
func (p *posting) refused(report json.RawMessage, status int) {
	if report == nil || passing(status) {
		return
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.pending != nil {
		p.takeBack()
	}
}

// passing tells of refusals of this moment, or of this token.
func passing(status int) bool {
	return status >= 500 || status == 401 || status == 403 || status == 429
}

// takeBack has the next report tell what this one did; nobody has counted it.
func (p *posting) takeBack() {
	if time.Since(p.backBegan) <= longestKept {
		p.before, p.began = p.back, p.backBegan
	}
	p.giveUp()
}

func (p *posting) giveUp() {
	p.pending, p.unheard = nil, 0
	p.notBefore = time.Now().Add(silentAfter)
}

// between sends what does not ride on renewals, and returns for how long there is nothing to do.
func (p *posting) between() time.Duration {
	if !counting.Load() {
		return time.Hour
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	hurried := p.hurried()
	if hurried || p.large() {
		p.send(p.own)
	}
	if !hurried {
		return time.Hour
	}
	return max(p.untilDue(), time.Until(p.next), shortestBreak)
}

func (p *posting) large() bool {
	if p.pending == nil {
		return false
	}
	_, small := p.pending.sized()
	return !small
}

func (p *posting) send(by *connection) {
	if time.Now().Before(p.next) {
		return
	}
	report := p.due(0)
	if report == nil {
		return
	}
	body, err := json.Marshal(wholeReport{
		Node: p.whose.node, Namespace: set.namespace, App: set.app, Address: p.address(),
		Lane: current().lanes.own, plainReport: *report,
	})
	if err != nil {
		fault("report", err)
		p.giveUp()
		return
	}
	status, answer, err := by.request("POST", reportsPath, append(body, '\n'))
	if err == nil && status < 300 {
		p.failures = 0
		p.arrived(readReported(answer, report.Seq))
		return
	}
	pause := min(longestPost, time.Second<<min(p.failures, 10))
	p.next, p.failures = time.Now().Add(pause), p.failures+1
	if err == nil && !passing(status) {
		p.giveUp()
	}
}

// readReported returns the report up to which all have arrived; usual where the answer does not say.
func readReported(body []byte, usual int64) int64 {
	var told struct {
		Reported int64 `json:"reported"`
	}
	if json.Unmarshal(body, &told) != nil || told.Reported == 0 {
		return usual
	}
	return told.Reported
}

// last tells what has not been told, as the process is about to end.
func (p *posting) last() {
	if !counting.Load() || !p.lock.TryLock() {
		return
	}
	defer p.lock.Unlock()
	// One may be on its way that is told first.
	for range [2]int{} {
		p.next = time.Time{}
		if p.pending == nil {
			p.make()
		}
		if p.send(p.goodbye); p.pending != nil || p.failures > 0 {
			return
		}
	}
}
