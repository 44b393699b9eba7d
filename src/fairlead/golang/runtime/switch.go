package fairlead

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// active says whether the hooks do anything at all. Settings decide it once, when the program starts.
var active atomic.Bool

// On tells whether this process is governed: one load, and all that a hook costs where it is not.
func On() bool { return active.Load() }

// hookOff has hooks that FAIRLEAD_DISABLE names, by import path.
var hookOff atomic.Pointer[map[string]bool]

// OnFor tells whether this process is governed and the hook of an import path was not switched off.
func OnFor(path string) bool {
	if !active.Load() {
		return false
	}
	off := hookOff.Load()
	return off == nil || !(*off)[path]
}

// set are the settings of this process. They do not change once the program's own code runs.
var set = usualSettings()

func init() {
	// What governs is asked first: a program without it does not pay for the rest, and is not told
	// of mistakes in variables that nobody reads, unless it was meant to be governed.
	if os.Getenv("FAIRLEAD_CONTROL") == "" && !strings.HasPrefix(os.Getenv("FAIRLEAD_SOURCE"), filePart) {
		if missing := ungoverned(os.LookupEnv); missing != "" {
			for _, text := range append([]string{missing}, doubts(os.Environ())...) {
				warn(text)
			}
		}
		return
	}
	defer func() {
		if err := recover(); err != nil {
			active.Store(false)
			warn("not started: a fault of its own")
		}
	}()
	found, err := readSettings(os.LookupEnv)
	if err != nil {
		warn("switched off in this process: " + err.Error())
		return
	}
	if found.governs() {
		set = found
		start()
	}
}

// ungoverned says what is missing where a program is named, and nothing says by whom it is governed;
// "" where nothing is.
func ungoverned(environ func(string) (string, bool)) string {
	for _, name := range []string{"FAIRLEAD_APP", "FAIRLEAD_SOURCE"} {
		if value, _ := environ(name); strings.TrimSpace(value) == "" {
			continue
		}
		found, err := readSettings(environ)
		if !found.enabled || found.killed() {
			return ""
		}
		text := name + " is set, and neither FAIRLEAD_CONTROL=http://HOST:PORT nor FAIRLEAD_SOURCE=file:PATH:" +
			" this program runs without the agent"
		if err != nil {
			text += "; besides, " + err.Error()
		}
		return text
	}
	return ""
}

// start governs this process from now on. It waits for nobody.
func start() {
	off := map[string]bool{}
	for _, path := range set.disable {
		off[path] = true
	}
	if len(off) > 0 {
		hookOff.Store(&off)
	}
	told = habits{
		distrusts: set.trust != mesh,
		traceless: set.trace == offWord,
		begins:    set.trace == "begin",
		labelOnly: set.app == "" || !lineage(os.Getpid()),
	}
	// While no snapshot says better, the process's own lane is what can be told alone.
	apply(&snapshot{Governance: governanceOn, Workload: set.workload()})
	for _, doubt := range append(doubts(os.Environ()), doubtfulValues(os.LookupEnv)...) {
		warn(doubt)
	}
	if set.app == "" {
		warn("FAIRLEAD_APP is not set: this process passes lane labels on, and no more")
	}
	asked := doctorSocket()
	if !told.labelOnly {
		follow()
	}
	active.Store(true)
	go answerDoctor(asked)
}

// follow starts to follow the source of policies, and to register where there is a registry.
func follow() {
	following = &follower{
		kept: newLastGood(&set), until: time.Now().Add(patience), first: make(chan struct{}),
	}
	waiting.Store(true)
	time.AfterFunc(patience, following.fallBack) // also where nobody asks
	if strings.HasPrefix(set.source, filePart) {
		source := &fileSource{path: strings.TrimPrefix(set.source, filePart)}
		go source.run(following)
		return
	}
	address := controlAt(set.control)
	d := &door{address, tokenOf(set.tokenFile, address), &trust{file: set.caFile}}
	whose := &subscription{node: nodeID(), of: &set}
	rewritesNode = whose.node
	session := newSession(following.apply, func(reason string) {
		warn("refused from the control plane: " + reason)
	})
	rewritesAsked = d.rewrites()
	posting := newPosting(d, whose, func() telemetry { return *session.measured.Load() })
	mostNames.Store(int64(usualTelemetry().interfaces))
	counting.Store(set.telemetry)
	traceSampling = func() float64 { return session.measured.Load().sampling }
	renting := newTenancy(d, whose, posting)
	posting.address = func() string { return renting.chosen().address }
	tenant.Store(renting)
	following.watch = newWatching(d, whose, session, renting.heard)
	go following.watch.run()
	go renting.run()
}

// nodeID returns a random (version 4) UUID: the name of one process on the wire.
func nodeID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "pid-" + hex.EncodeToString([]byte(time.Now().String()))[:32]
	}
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	t := hex.EncodeToString(b[:])
	return strings.Join([]string{t[:8], t[8:12], t[12:16], t[16:20], t[20:]}, "-")
}
