package fairlead

import (
	"context"
	_ "unsafe" // for go:linkname
)

// What hooks call that may be in a program without this package: they have variables by these names,
// which then stay nil.

//go:linkname hookModule
var hookModule = flatHook

//go:linkname departClient
var departClient = flatDepartClient

//go:linkname arriveClient
var arriveClient = flatArriveClient

// flatDepartClient begins a call by a client of some protocol, which has rules by the name of its host,
// call:HOST. It is nil where there is nothing to do for it.
func flatDepartClient(ctx context.Context, path, scheme, host, method string) (call any, refused error) {
	if !OnFor(path) {
		return nil, nil
	}
	defer flatFault(path)
	c, rejection := Depart(ctx, &Outbound{Method: method, Scheme: scheme, Host: host})
	if rejection != nil {
		return nil, rejection
	}
	if c == nil {
		return nil, nil
	}
	c.Next()
	return c, nil
}

// flatArriveClient ends a call that flatDepartClient began.
func flatArriveClient(call any, fault int) {
	defer flatFault("client")
	if c, ok := call.(*Call); ok {
		c.Ended(0, -1, Fault(fault))
		c.Close()
	}
}
