package fairlead

import (
	"context"
	"sync"
	"sync/atomic"
	_ "unsafe" // for go:linkname
)

// What hooks in packages outside the standard library call. They cannot import this package, so they
// name its functions by go:linkname, and its types they cannot name: whatever goes in or out here is
// of types that the language has. Each function says that it may be reached so, without a second name.

// routersLinked says that the program has a router whose hook tells routes: rules for templates wait
// for that.
var routersLinked atomic.Bool

// flatRouter says that the hook of a router is in the program, by import path and version of its
// module.
//
//go:linkname flatRouter
func flatRouter(path, version string) {
	routersLinked.Store(true)
	flatHook(path, version)
}

var (
	modulesLock   sync.Mutex
	modulesHooked [][2]string
)

// flatHook says that a hook is in the program.
//
//go:linkname flatHook
func flatHook(path, version string) {
	modulesLock.Lock()
	defer modulesLock.Unlock()
	modulesHooked = append(modulesHooked, [2]string{path, version})
}

// hookedModules returns import paths and versions of the modules that have hooks in this program.
func hookedModules() [][2]string {
	modulesLock.Lock()
	defer modulesLock.Unlock()
	return append([][2]string(nil), modulesHooked...)
}

// flatOn is OnFor.
//
//go:linkname flatOn
func flatOn(path string) bool { return OnFor(path) }

// flatRoute tells the route of the request that ctx, a context.Context, belongs to, as its router
// writes it: with variables as :id and *rest, or in braces. A status says that a rule turns the
// request away, and with what; 0 that it may go on.
//
//go:linkname flatRoute
func flatRoute(ctx any, template string, colons bool) (status int, header [][2]string, body string) {
	defer flatFault("route")
	parent, _ := ctx.(context.Context)
	r := Serving(parent)
	if r == nil {
		return 0, nil, ""
	}
	if rejection := r.Route(written(template, colons)); rejection != nil {
		return rejection.Status, rejection.Header, rejection.Body
	}
	return 0, nil, ""
}

// flatTells says how a router is asked for the routes of a handler: for pairs of a method and a path as
// it writes them, with colons or braces, and whether they are all; not where the handler is not its own.
//
//go:linkname flatTells
func flatTells(ask func(handler any) (routes [][2]string, colons, all bool)) {
	defer flatFault("route")
	resources.Lock()
	defer resources.Unlock()
	resources.tellers = append(resources.tellers, ask)
}

// flatFault keeps a panic of ours from the application.
func flatFault(where string) {
	if err := recover(); err != nil {
		fault(where, err)
	}
}
