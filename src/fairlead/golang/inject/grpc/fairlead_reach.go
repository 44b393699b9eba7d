package grpc

import (
	"context"
	"strings"
	"sync"
	"time"
	_ "unsafe" // for go:linkname

	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	internalbackoff "google.golang.org/grpc/internal/backoff"
)

//go:linkname fairleadName index.flatName
func fairleadName(target string) string

// fairleadMost are the instances that one connection of the application's reaches at most.
const fairleadMost = 256

// fairleadReach is what one connection of the application's reaches by the name in its target: a
// connection of its own to each instance. The application's own stays as it is.
type fairleadReach struct {
	parent *ClientConn
	name   string

	lock     sync.Mutex
	children map[string]*fairleadChild
	closed   bool
}

// fairleadChild is a connection to one instance. One that is let go of closes when its last call has
// ended.
type fairleadChild struct {
	*ClientConn
	calls int
	loose bool
}

// fairleadReaches has a *fairleadReach for each *ClientConn that was called; nil where its target is
// no name.
var fairleadReaches sync.Map

func fairleadReachOf(cc *ClientConn) *fairleadReach {
	if !fairleadOn(fairleadPath) {
		return nil
	}
	if found, ok := fairleadReaches.Load(cc); ok {
		return found.(*fairleadReach)
	}
	if cc.GetState() == connectivity.Shutdown {
		return nil // nobody would close what it reaches
	}
	var reach *fairleadReach
	if name := fairleadName(cc.Target()); name != "" && fairleadPlain(cc) {
		reach = &fairleadReach{parent: cc, name: name, children: map[string]*fairleadChild{}}
	}
	found, _ := fairleadReaches.LoadOrStore(cc, reach)
	return found.(*fairleadReach)
}

// fairleadPlain tells whether a connection is without certificates; there are some that say so.
func fairleadPlain(cc *ClientConn) bool {
	if cc.dopts.copts.CredsBundle != nil {
		return false
	}
	kind := cc.dopts.copts.TransportCredentials
	return kind == nil || kind.Info().SecurityProtocol == "insecure"
}

// take returns the connection to an instance, to be given back; nil where there is none.
func (r *fairleadReach) take(address string) *fairleadChild {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.closed {
		return nil
	}
	child := r.children[address]
	if child == nil {
		r.prune()
		cc, err := DialContext(context.Background(), "passthrough:///"+address, r.like(), WithNoProxy())
		if err != nil {
			return nil
		}
		fairleadReaches.Store(cc, (*fairleadReach)(nil))
		child = &fairleadChild{ClientConn: cc}
		r.children[address] = child
	}
	child.calls++
	return child
}

// like is every option of the application's connection, but for what happens once for a call: that
// happens around us.
func (r *fairleadReach) like() DialOption {
	return newFuncDialOption(func(o *dialOptions) {
		*o = r.parent.dopts
		o.unaryInt, o.streamInt, o.chainUnaryInts, o.chainStreamInts = nil, nil, nil, nil
		o.callOptions = nil
		o.block = false
		o.copts.UserAgent = strings.TrimSpace(strings.TrimSuffix(o.copts.UserAgent, grpcUA))
		if o.authority == "" {
			o.authority = r.parent.authority
		}
		if o.bs == internalbackoff.Strategy(internalbackoff.DefaultExponential) {
			// We choose among instances that live; one that is back is to be found back.
			o.bs = internalbackoff.Exponential{Config: backoff.Config{
				BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second,
			}}
		}
	})
}

// prune lets go of connections that are of no use, where a new one is to be made.
func (r *fairleadReach) prune() {
	for address, child := range r.children {
		idle := child.calls == 0 && child.GetState() != connectivity.Ready
		if idle || len(r.children) >= fairleadMost {
			r.loosen(address, child)
		}
	}
}

func (r *fairleadReach) loosen(address string, child *fairleadChild) {
	if r.children[address] == child {
		delete(r.children, address)
	}
	child.loose = true
	if child.calls == 0 {
		fairleadShut(child.ClientConn)
	}
}

// give gives a connection back; one that could not connect is let go of: the next one tries at once.
func (r *fairleadReach) give(address string, child *fairleadChild, useless bool) {
	r.lock.Lock()
	defer r.lock.Unlock()
	child.calls--
	if useless || child.loose && child.calls == 0 {
		r.loosen(address, child)
	}
}

func fairleadShut(cc *ClientConn) {
	fairleadReaches.Delete(cc)
	go cc.fairleadClose()
}

// Close closes a connection, and those to instances behind it.
func (cc *ClientConn) Close() error {
	err := cc.fairleadClose()
	if found, ok := fairleadReaches.LoadAndDelete(cc); ok {
		if reach, _ := found.(*fairleadReach); reach != nil {
			reach.close()
		}
	}
	return err
}

func (r *fairleadReach) close() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.closed = true
	for _, child := range r.children {
		fairleadReaches.Delete(child.ClientConn)
		child.fairleadClose()
	}
	r.children = nil
}

// DialContext waits for nobody where it is to wait for an app that we know (WithBlock): nothing is
// ever connected by that name.
func DialContext(ctx context.Context, target string, opts ...DialOption) (*ClientConn, error) {
	if fairleadOn(fairleadPath) && fairleadKnown(fairleadName(target)) {
		opts = append(append([]DialOption{}, opts...), newFuncDialOption(func(o *dialOptions) {
			kind := o.copts.TransportCredentials
			if o.copts.CredsBundle == nil && (kind == nil || kind.Info().SecurityProtocol == "insecure") {
				o.block = false
			}
		}))
	}
	return fairleadDialContext(ctx, target, opts...)
}

//go:linkname fairleadKnown index.flatKnown
func fairleadKnown(name string) bool
