package grpc

import (
	"context"
	"time"
	_ "unsafe" // for go:linkname

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

//go:linkname fairleadDepart index.flatDepart
func fairleadDepart(ctx context.Context, name, method string, header map[string][]string, message interface{}, again bool) (
	call interface{}, code int, text string)

//go:linkname fairleadNext index.flatNext
func fairleadNext(call interface{}, header map[string][]string) (address string, sent map[string][]string,
	deadline, connect int64, more bool, code int, text string)

//go:linkname fairleadEnded index.flatEnded
func fairleadEnded(call interface{}, code, fault int)

//go:linkname fairleadClose index.flatClose
func fairleadClose(call interface{})

//go:linkname fairleadAnew index.flatAnew
func fairleadAnew(call interface{})

//go:linkname fairleadUnconnected index.flatUnconnected
func fairleadUnconnected(call interface{}, address string) string

// What has become of an attempt, as the runtime numbers it.
const (
	fairleadNoFault = iota
	fairleadRefused
	_
	_
	fairleadTimeout
	fairleadOther
)

// invoke makes a call with one message each way, within the application's interceptors.
func invoke(ctx context.Context, method string, req, reply interface{}, cc *ClientConn, opts ...CallOption) error {
	reach := fairleadReachOf(cc)
	if reach == nil {
		return fairleadInvoke(ctx, method, req, reply, cc, opts...)
	}
	return reach.govern(ctx, method, req, fairleadWaits(opts), func(ctx context.Context, cc *ClientConn, ours CallOption, ended func(error)) error {
		told := opts
		if ours != nil {
			told = append(opts[:len(opts):len(opts)], ours)
		}
		err := fairleadInvoke(ctx, method, req, reply, cc, told...)
		ended(err)
		return err
	})
}

// newClientStream opens a call with a stream of messages; it ends when the library says that it has.
func newClientStream(ctx context.Context, desc *StreamDesc, cc *ClientConn, method string, opts ...CallOption) (ClientStream, error) {
	if desc == unaryStreamDesc {
		return fairleadNewClientStream(ctx, desc, cc, method, opts...)
	}
	reach := fairleadReachOf(cc)
	if reach == nil {
		return fairleadNewClientStream(ctx, desc, cc, method, opts...)
	}
	var stream ClientStream
	err := reach.govern(ctx, method, nil, fairleadWaits(opts), func(ctx context.Context, cc *ClientConn, ours CallOption, ended func(error)) (err error) {
		told := append(append([]CallOption{}, opts...), OnFinish(ended))
		if ours != nil {
			told = append(told, ours)
		}
		stream, err = fairleadNewClientStream(ctx, desc, cc, method, told...)
		if err != nil {
			ended(err)
		}
		return err
	})
	return stream, err
}

// fairleadWaits tells whether a call waits for somebody who accepts a connection.
func fairleadWaits(opts []CallOption) bool {
	waits := false
	for _, one := range opts {
		if fast, ok := one.(FailFastCallOption); ok {
			waits = !fast.FailFast
		}
	}
	return waits
}

// fairleadSend makes an attempt on a connection, with an option of ours if there is one, and says how it ended, now or later.
type fairleadSend func(ctx context.Context, cc *ClientConn, ours CallOption, ended func(error)) error

// fairleadPause is between two looks for somebody who accepts a connection.
const fairleadPause = 100 * time.Millisecond

// govern sends a call to the app that the target names, or as the application made it.
func (r *fairleadReach) govern(ctx context.Context, method string, message interface{}, waits bool, send fairleadSend) error {
	header, _ := metadata.FromOutgoingContext(ctx)
	call, code, text := fairleadDepart(ctx, r.name, method, header, message, message != nil)
	if code != 0 {
		return status.Error(codes.Code(code), text)
	}
	if call == nil {
		return send(ctx, r.parent, nil, func(error) {})
	}
	for {
		err, over := r.attempts(ctx, call, header, send)
		if err == nil {
			return nil
		}
		if !over && r.parent.GetState() == connectivity.Shutdown {
			fairleadClose(call)
			return send(ctx, r.parent, nil, func(error) {}) // which says so
		}
		if over || !waits || !fairleadWaited(ctx) {
			fairleadClose(call)
			return fairleadUnsent(ctx, err, over)
		}
		fairleadAnew(call)
	}
}

// fairleadUnsent returns the error of a call: of one that was never sent, that its time is over if so.
func fairleadUnsent(ctx context.Context, err error, sent bool) error {
	if sent || ctx.Err() == nil {
		return err
	}
	return status.Error(status.FromContextError(ctx.Err()).Code(), status.Convert(err).Message())
}

// fairleadWaited waits a little, and tells whether the caller still waits.
func fairleadWaited(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(fairleadPause):
		return true
	}
}

// attempts sends a call to one instance after another, as far as it may be. It tells whether that was
// all: nothing was sent where nobody accepts a connection, or nobody is there.
func (r *fairleadReach) attempts(ctx context.Context, call interface{}, header metadata.MD, send fairleadSend) (last error, over bool) {
	for {
		address, md, deadline, connect, more, code, text := fairleadNext(call, header)
		if code != 0 {
			return status.Error(codes.Code(code), text), over || more
		}
		if !more {
			if last == nil {
				last = status.Error(codes.Unavailable, "fairlead: there is nowhere to send it")
			}
			return last, over
		}
		sent := ctx
		if md != nil {
			sent = metadata.NewOutgoingContext(ctx, md)
		}
		one := &fairleadAttempt{reach: r, call: call, deadline: deadline, connect: connect}
		if last = one.send(sent, address, send); last == nil {
			return nil, true
		}
		over = over || one.sent
	}
}
