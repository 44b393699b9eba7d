package grpc

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// fairleadConnect is how long an instance has to accept a connection before the next one is tried.
const fairleadConnect = 3 * time.Second

// fairleadAttempt is one attempt of a call, and an option of it, which hears whether it has become a stream.
type fairleadAttempt struct {
	EmptyCallOption
	reach    *fairleadReach
	call     interface{}
	deadline int64
	connect  int64
	sent     bool
	apart    bool // on a connection of ours
	once     sync.Once
	parts    int32
	begun    int32
}

// after is called when the call is over, and only where there was a stream for it.
func (a *fairleadAttempt) after(*callInfo, *csAttempt) { atomic.StoreInt32(&a.begun, 1) }

// send sends a call to one instance, or as the application made it where there is no address. Without
// an error it went well, or is under way, and ends the call when it is over.
func (a *fairleadAttempt) send(ctx context.Context, address string, send fairleadSend) error {
	cc, back := a.reach.parent, func() {}
	if address != "" {
		child := a.reach.take(address)
		if child == nil {
			return a.refused(address)
		}
		if !child.connected(ctx, a.deadline, a.connect) {
			a.reach.give(address, child, true)
			return a.refused(address)
		}
		a.apart = true
		cc, back = child.ClientConn, func() { a.reach.give(address, child, false) }
	}
	a.sent = true
	cancel := func() {}
	if a.deadline != 0 {
		ctx, cancel = context.WithDeadline(ctx, time.Unix(0, a.deadline))
	}
	over := func(err error) {
		a.once.Do(func() {
			back()
			cancel()
			a.ended(err)
			a.settled()
		})
	}
	returned := false
	defer func() {
		if !returned { // code of the application panics, as a codec: what rules let in has to leave
			over(status.Error(codes.Internal, "a panic"))
			fairleadClose(a.call)
		}
	}()
	err := send(ctx, cc, a, over)
	returned = true
	if err == nil {
		atomic.StoreInt32(&a.begun, 1) // a stream may be over before its options hear of it
		a.settled()
	}
	return err
}

// settled ends the call when an attempt is the application's, and over: whichever comes last.
func (a *fairleadAttempt) settled() {
	if atomic.AddInt32(&a.parts, 1) == 2 {
		fairleadClose(a.call)
	}
}

// ended tells what came of it. Where no stream was begun nothing was sent, as when the connection is lost,
// or says that it serves nobody, once it has been looked at: the next instance may have the call.
func (a *fairleadAttempt) ended(err error) {
	if a.apart && status.Code(err) == codes.Unavailable && atomic.LoadInt32(&a.begun) == 0 {
		a.sent = false
		fairleadEnded(a.call, int(codes.Unavailable), fairleadRefused)
		return
	}
	code, fault := codes.OK, fairleadNoFault
	if err != nil {
		code, fault = status.Code(err), fairleadOther
		if code == codes.DeadlineExceeded {
			fault = fairleadTimeout
		}
	}
	fairleadEnded(a.call, int(code), fault)
}

// refused tells that an instance accepts no connection.
func (a *fairleadAttempt) refused(address string) error {
	fairleadEnded(a.call, int(codes.Unavailable), fairleadRefused)
	return status.Error(codes.Unavailable, fairleadUnconnected(a.call, address))
}

// connected waits until a connection is there, and tells whether it is.
func (c *fairleadChild) connected(ctx context.Context, deadline, connect int64) bool {
	state := c.GetState()
	if state == connectivity.Ready {
		return true
	}
	if connect == 0 {
		connect = int64(fairleadConnect)
	}
	until := time.Now().Add(time.Duration(connect))
	if given := time.Unix(0, deadline); deadline != 0 && given.Before(until) {
		until = given
	}
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for state != connectivity.Ready {
		if state == connectivity.TransientFailure || state == connectivity.Shutdown {
			return false
		}
		c.Connect()
		if !c.WaitForStateChange(ctx, state) {
			return false
		}
		state = c.GetState()
	}
	return true
}
