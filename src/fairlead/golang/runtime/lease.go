package fairlead

import (
	"math/rand"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// tenancy is one process's place in the registry (contract 3 and 4, fairlead.agent.lease). Its
// goroutine finds the address, registers, and renews every three seconds.
type tenancy struct {
	whose    *subscription
	door     *door
	registry *connection
	posting  *posting
	bell     chan struct{}
	busy     chan struct{} // holds a token during a request that registers or deregisters
	left     atomic.Bool
	dying    atomic.Bool
	every    atomic.Int64 // between reports, as it was wished last

	lock    sync.Mutex
	choice  advertised
	lease   lease         // as it was granted last
	leased  string        // address that the control plane knows us at, "" for none
	renew   time.Duration // as the control plane wishes
	began   time.Time     // of the first registration
	renewed time.Time
	problem string
}

const (
	firstLook   = 50 * time.Millisecond
	longestLook = time.Second
	usualRenew  = 3 * time.Second
	// afterGoodbye is between the goodbye and the end of the socket. The control plane answers when
	// every caller has the news; what a caller had chosen a moment before is on its way until then.
	afterGoodbye = 50 * time.Millisecond
	// goodbye is how long leaving waits for a renewal that is under way.
	goodbye = time.Second
	// comesBack is after how long a server that has shut down, while others of the process go on at
	// the same address, is registered again.
	comesBack = 3 * time.Second
)

var tenant atomic.Pointer[tenancy]

func newTenancy(d *door, whose *subscription, p *posting) *tenancy {
	return &tenancy{
		whose:    whose,
		door:     d,
		registry: d.connection(answerTimeout),
		posting:  p,
		bell:     make(chan struct{}, 1),
		busy:     make(chan struct{}, 1),
		renew:    usualRenew,
	}
}

func wakeTenancy() {
	if t := tenant.Load(); t != nil {
		t.wake()
	}
}

// heard is told that the control plane has spoken: it may want to hear more often from now on.
func (t *tenancy) heard() {
	told := t.posting.told()
	if counting.Load() {
		tapMost.Store(int64(told.tap))
	}
	if every := told.every; t.every.Swap(int64(every)) != int64(every) {
		t.wake()
	}
}

func (t *tenancy) wake() {
	select {
	case t.bell <- struct{}{}:
	default:
	}
}

// Leaving deregisters this process: a server of it is about to stop that listens at these addresses,
// nil for all of them. It returns when callers know, or after two seconds, and at once where nobody
// calls this process by one of them.
func Leaving(addresses []net.Addr) {
	defer flatFault("lease")
	t := tenant.Load()
	if t == nil || !active.Load() {
		return
	}
	ours := addresses == nil
	for _, one := range addresses {
		ours = ours || portAt(one) == t.chosen().port
	}
	if ours {
		t.leave()
	}
}

func (t *tenancy) chosen() advertised {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.choice
}

func (t *tenancy) trouble(err error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.problem = ""; err != nil {
		t.problem = err.Error()
	}
}

func (t *tenancy) run() {
	defer func() {
		if err := recover(); err != nil {
			fault("lease", err)
			warn("this process is no longer registered: a fault of its own")
		}
	}()
	pause := firstLook
	t.rest(pause)
	for {
		if t.left.Load() {
			t.rest(comesBack)
			if t.dying.Load() {
				return
			}
			t.left.Store(false)
		}
		if t.turn() {
			pause = t.renewal()
			t.rest(pause)
			continue
		}
		// Not all instances at once.
		t.rest(time.Duration(float64(pause) * (0.5 + rand.Float64()/2)))
		pause = min(longestLook, pause*2)
	}
}

func (t *tenancy) renewal() time.Duration {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.renew
}

// rest sleeps until something has changed, and has reports sent meanwhile that are in a hurry.
func (t *tenancy) rest(d time.Duration) {
	for until := time.Now().Add(d); ; {
		left := time.Until(until)
		if left <= 0 {
			return
		}
		timer := time.NewTimer(min(left, t.posting.between()))
		select {
		case <-t.bell:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// turn looks, and registers or renews; it returns whether it is done until a renewal is due.
func (t *tenancy) turn() bool {
	chosen := choose(set.address, t.door.address)
	t.lock.Lock()
	t.choice = chosen
	old := t.leased
	t.lock.Unlock()
	if old != "" && old != chosen.address {
		// The socket is gone, or another one has come: an instance that nobody can reach leaves.
		t.hold(goodbye, func() { t.deregister(old) })
	}
	if chosen.address == "" {
		t.lock.Lock()
		t.problem = chosen.reason
		t.lock.Unlock()
		return false
	}
	beforeDeath.Do(hearTermination)
	chosen.tellRivals()
	return t.register(chosen)
}

func (t *tenancy) register(chosen advertised) (done bool) {
	t.hold(time.Hour, func() {
		if t.left.Load() {
			return
		}
		report := t.posting.riding()
		body := t.told(chosen, report)
		status, answer, err := t.registry.request("POST", wireRoot+"/instances", body)
		if err == nil && status != 200 {
			refused := &refusedRequest{status, statusText(answer)}
			t.posting.refused(report, status)
			warn(chosen.address + " is not registered: " + refused.Error())
			err = refused
		}
		var found lease
		if err == nil {
			found, err = readLease(answer)
		}
		if err != nil {
			t.trouble(err)
			return
		}
		t.keep(chosen.address, found)
		t.posting.answered(report, found.Reported)
		done = true
	})
	return done
}

func (t *tenancy) keep(address string, found lease) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.leased, t.renew, t.renewed, t.problem = address, seconds(found.Renew), time.Now(), ""
	t.lease = found
	if found.Conflict != nil && *found.Conflict != "" {
		warn(address + " serves nobody: " + *found.Conflict)
	}
}

// hold does what registers or deregisters, one at a time; not where it must wait for too long.
func (t *tenancy) hold(patience time.Duration, do func()) {
	select {
	case t.busy <- struct{}{}:
	case <-time.After(patience):
		return
	}
	defer func() { <-t.busy }()
	do()
}

// leave deregisters, in at most two seconds; what goes wrong leaves the lease to end by itself. A
// renewal that overtook the goodbye would bring the instance back for a whole lease.
func (t *tenancy) leave() {
	t.left.Store(true)
	t.wake()
	t.hold(goodbye, func() {
		t.lock.Lock()
		address := t.leased
		t.lock.Unlock()
		if address == "" {
			return
		}
		if t.deregister(address) {
			time.Sleep(afterGoodbye)
			t.posting.last()
		}
	})
}

func (t *tenancy) deregister(address string) bool {
	t.lock.Lock()
	t.leased = ""
	t.lock.Unlock()
	query := t.whose.query()
	query.Set("address", address)
	err := t.delete(wireRoot+"/instances", query)
	t.trouble(err)
	return err == nil
}

// delete goes by a connection of its own: one that is kept may have died.
func (t *tenancy) delete(path string, query url.Values) error {
	c := t.door.connection(leaveTimeout)
	defer c.close()
	status, answer, err := c.request("DELETE", path+"?"+query.Encode(), nil)
	if err == nil && status >= 300 {
		err = &refusedRequest{status, statusText(answer)}
	}
	return err
}
