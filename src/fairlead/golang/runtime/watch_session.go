package fairlead

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// session is the rules of following a workload's snapshots, without a socket, across as many streams
// as it takes (fairlead.protocols.watch.session).
//
//   - A snapshot is enforced whole or refused whole; a refusal says why, and what was in force stays.
//   - What is in force is not forgotten with the stream: a reconnecting client names it, so that an
//     unchanged snapshot does not travel again.
//   - A snapshot older than the one in force is ignored. One that was read from disk is nobody's
//     elder: the control plane may have started a new count since.
type session struct {
	apply func(s *snapshot, plain []byte) error
	tell  func(reason string)

	digest   string
	revision int64
	oldest   int64
	resumed  bool
	adopted  atomic.Pointer[snapshot] // put in force from elsewhere, by another goroutine

	live     atomic.Bool // whether what is in force is known to be what the control plane says
	measured atomic.Pointer[telemetry]
	refusal  atomic.Pointer[string] // what was refused last, and why
}

func newSession(apply func(*snapshot, []byte) error, tell func(string)) *session {
	s := &session{apply: apply, tell: tell}
	usual := usualTelemetry()
	s.measured.Store(&usual)
	return s
}

// connect begins a stream; it returns what to tell the server is in force.
func (s *session) connect() (digest string, revision int64) {
	if found := s.adopted.Swap(nil); found != nil {
		s.digest, s.revision = found.Digest, found.Revision
	}
	s.resumed = s.digest != ""
	return s.digest, s.revision
}

// receive takes a line and returns what to answer, nil for nothing.
func (s *session) receive(text []byte) *reply {
	if &text[0] == &longLine[0] {
		return s.refuse("", 0, fmt.Sprintf("a line longer than %d MiB", lineLimit>>20))
	}
	line, err := decodeLine(text)
	if err != nil {
		return s.refuse("", 0, err.Error())
	}
	switch line.Type {
	case "heartbeat":
		// The server sends no snapshot only to those who named the one it would send.
		if s.resumed {
			s.live.Store(true)
		}
	case "telemetry":
		told, err := line.telemetry()
		if err != nil {
			return s.refuse("", 0, err.Error())
		}
		s.measured.Store(&told)
	case "snapshot":
		return s.offered(line.Snapshot)
	}
	return nil
}

func (s *session) offered(plain []byte) *reply {
	s.resumed = false
	digest, revision := snapshotName(plain)
	found, refused, err := readSnapshot(plain)
	if err != nil {
		return s.refuse(digest, revision, err.Error())
	}
	if found.Revision < s.oldest {
		s.refuse(digest, revision, fmt.Sprintf("revision %d is older than %d, which is in force", found.Revision, s.oldest))
		return nil
	}
	if err := s.enforce(found, plain); err != nil {
		return s.refuse(digest, revision, err.Error())
	}
	s.digest, s.revision, s.oldest = found.Digest, found.Revision, found.Revision
	s.adopted.Store(nil)
	s.live.Store(true)
	partly := strings.Join(refused, "; ")
	s.refusal.Store(&partly)
	if partly != "" {
		s.tell(partly)
	}
	return &reply{Digest: found.Digest, Revision: found.Revision, Refused: refused}
}

// enforce turns a panic of ours into a refusal: what cannot be enforced must not be acknowledged.
func (s *session) enforce(found *snapshot, plain []byte) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("%v", broken)
		}
	}()
	return s.apply(found, plain)
}

func (s *session) refuse(digest string, revision int64, reason string) *reply {
	s.refusal.Store(&reason)
	s.tell(reason)
	return &reply{Digest: digest, Revision: revision, Error: &reason}
}
