package fairlead

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// follower keeps the plan in force at what the source says (fairlead.agent.source.Follower). The
// first snapshot is awaited for a bounded time; after that the last known good is used, and after
// that nothing: an app without a snapshot knows no lane and no other app.
type follower struct {
	kept  *lastGood
	watch *watching // nil where a file says what is in force
	until time.Time // when nobody waits any more for the first snapshot
	first chan struct{}

	lock    sync.Mutex // held while a snapshot is put in force
	arrived bool
	fallen  bool
	origin  string // live, or last known good
	applied time.Time
	saved   time.Time // when the last known good was that is in force
	problem string    // why the snapshot is not kept for the next start
}

const lastKnownGood = "last known good"

// patience is how long a first snapshot is awaited, from the start of the program (contract 20).
const patience = time.Second

// waiting says that the first snapshot may still come in time. It is read with every request.
var waiting atomic.Bool

var following *follower

// ready returns the plan in force. Where a request or a call comes before the first snapshot, it
// waits for that, once and for a bounded time.
func ready() *plan {
	if waiting.Load() {
		following.await()
	}
	return inForce.Load()
}

// await waits for the first snapshot, then falls back to the last known good.
func (f *follower) await() {
	timer := time.NewTimer(time.Until(f.until))
	defer timer.Stop()
	select {
	case <-f.first:
	case <-timer.C:
		f.fallBack()
	}
}

// apply puts a snapshot in force that has come from the source, and keeps it for the next start.
func (f *follower) apply(s *snapshot, plain []byte) error {
	f.lock.Lock()
	apply(s)
	f.origin, f.applied = "live", time.Now()
	if !f.arrived {
		f.arrived = true
		waiting.Store(false)
		close(f.first)
	}
	f.lock.Unlock()
	problem := ""
	if err := f.kept.save(plain, time.Now()); err != nil {
		problem = err.Error()
	}
	f.lock.Lock()
	f.problem = problem
	f.lock.Unlock()
	return nil
}

func (f *follower) fallBack() {
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.arrived || f.fallen {
		return
	}
	f.fallen = true
	defer waiting.Store(false)
	why := "no snapshot in time"
	if f.watch != nil && f.watch.trouble() != "" {
		why = f.watch.trouble()
	}
	kept, err := f.kept.load()
	switch {
	case err != nil:
		go warn("the last known good is not used: " + err.Error())
	case kept == nil:
		go warn("no app is known by name until the control plane answers: " + why)
	default:
		apply(kept.snapshot)
		f.origin, f.applied, f.saved = lastKnownGood, time.Now(), kept.saved
		if f.watch != nil {
			f.watch.session.adopted.Store(kept.snapshot)
		}
		age := time.Since(kept.saved).Seconds()
		go warn(fmt.Sprintf("the last known good, of %.0f s ago, is in force: %s", max(0, age), why))
	}
}

// fileSource is one snapshot in a file, read again when it changes: no control plane at all.
type fileSource struct {
	path string
	seen os.FileInfo
}

const lookAgain = time.Second

func (f *fileSource) run(to *follower) {
	for {
		if err := f.look(to); err != nil {
			warn(err.Error() + "; what was in force stays")
		}
		time.Sleep(lookAgain)
	}
}

func (f *fileSource) look(to *follower) error {
	seen, err := os.Stat(f.path)
	if err != nil || sameFile(seen, f.seen) {
		return err
	}
	plain, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	f.seen = seen
	if !json.Valid(plain) {
		return fmt.Errorf("%s: no JSON", f.path)
	}
	found, refused, err := readSnapshot(plain)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if len(refused) > 0 {
		warn("refused from " + f.path + ": " + strings.Join(refused, "; "))
	}
	return to.apply(found, plain)
}
