package fairlead

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"sync"
	"time"
)

const (
	silence       = 10 * time.Second // without a byte after which the server counts as gone
	answerTimeout = 3 * time.Second
	leaveTimeout  = time.Second // a process that stops is waiting for it
	firstPause    = 100 * time.Millisecond
	longestPause  = 5 * time.Second
)

// refusedRequest says that the control plane refuses this process: the operator's to mend.
type refusedRequest struct {
	status int
	reason string
}

func (e *refusedRequest) Error() string {
	return fmt.Sprintf("the control plane refuses (%d): %s", e.status, e.reason)
}

// closed tells of a refusal that does not pass by itself: of the token, or of what it is used for.
func (e *refusedRequest) closed() bool { return e.status == 401 || e.status == 403 }

// watching follows one workload's snapshots until it is told to stop.
type watching struct {
	whose   *subscription
	session *session
	stream  *connection
	answers *connection
	unsent  *reply
	between func() // called after each sign of life
	ended   chan struct{}
	once    sync.Once

	lock      sync.Mutex
	connected bool
	problem   string // why there is no connection, in words for the operator
}

func newWatching(d *door, whose *subscription, s *session, between func()) *watching {
	return &watching{
		whose:   whose,
		session: s,
		stream:  d.connection(silence),
		answers: d.connection(answerTimeout),
		between: between,
		ended:   make(chan struct{}),
	}
}

// run connects, follows, and connects again with full jitter, until stop.
func (w *watching) run() {
	for failures := 0; ; failures++ {
		if w.follow() {
			failures = 0
		}
		w.stream.close()
		ceiling := longestPause
		if failures < 10 && firstPause<<failures < longestPause {
			ceiling = firstPause << failures
		}
		select {
		case <-w.ended:
			w.answers.close()
			return
		case <-time.After(time.Duration(rand.Float64() * float64(ceiling))):
		}
	}
}

// stop makes run return soon; from any goroutine.
func (w *watching) stop() {
	w.once.Do(func() { close(w.ended) })
	w.stream.interrupt()
	w.answers.interrupt()
}

// follow takes the lines of one stream until it breaks; it returns whether there were any.
func (w *watching) follow() (heard bool) {
	digest, revision := w.session.connect()
	status, body, err := w.stream.stream(w.whose.watchPath(digest, revision))
	if err == nil && status != 200 {
		start, _ := readBounded(body, 1<<16)
		refused := &refusedRequest{status, statusText(start)}
		if refused.closed() {
			warn(refused.Error() + "; the rules in force stay, and are not renewed")
		}
		err = refused
	}
	if err != nil {
		w.state(false, err.Error())
		return false
	}
	w.state(true, "")
	lines := bufio.NewReaderSize(body, 64<<10)
	for {
		line, err := nextLine(lines, lineLimit)
		if err != nil {
			if err == io.EOF {
				err = fmt.Errorf("the stream ended")
			}
			w.state(false, w.stream.door.address.String()+": "+err.Error())
			return heard
		}
		heard = true
		w.take(line)
		w.between()
	}
}

// take receives a line. An answer that could not be sent goes again with the next sign of life; only
// the last one matters.
func (w *watching) take(line []byte) {
	if answer := w.session.receive(line); answer != nil {
		w.unsent = answer
	}
	if w.unsent == nil {
		return
	}
	w.unsent.Node = w.whose.node
	if w.unsent.Refused == nil {
		w.unsent.Refused = []string{}
	}
	body, err := json.Marshal(w.unsent)
	if err != nil {
		w.unsent = nil
		return
	}
	status, _, err := w.answers.request("POST", wireRoot+"/ack", append(body, '\n'))
	if err == nil && status < 500 {
		w.unsent = nil
	}
}

func (w *watching) state(connected bool, problem string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.connected, w.problem = connected, problem
}

func (w *watching) trouble() string {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.problem
}
