package fairlead

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	_ "unsafe" // for go:linkname
)

// What hooks of libraries call that talk to databases beside database/sql. Nobody rewrites what they
// send: on a lane with shadows they are refused, and their process serves none by name.

//go:linkname mayUseDatabase
var mayUseDatabase = flatMayUseDatabase

//go:linkname connectedBeside
var connectedBeside = flatConnectedBeside

//go:linkname maySendBeside
var maySendBeside = flatMaySendBeside

// besideConns are connections that applications send by themselves, by address. Each new connection
// says what it is, so that memory which is used again is no other's.
var besideConns struct {
	any   atomic.Bool
	known sync.Map
}

// besideNoted says that somebody has taken note of what the program uses beside database/sql.
var besideNoted atomic.Bool

func usedBeside(path string) {
	if besideNoted.Load() {
		return
	}
	sqlNoted.lock.Lock()
	defer sqlNoted.lock.Unlock()
	sqlNoted.beside = path
	besideNoted.Store(true)
}

// flatConnectedBeside takes note of a connection of a library: whose it is its caller tells. Those of
// database/sql and of pools have hooks of their own.
func flatConnectedBeside(path string, conn uintptr) {
	defer flatFault(sqlHook)
	besideConns.known.Store(conn, nil)
	besideConns.any.Store(true)
	switch packageBefore(path) {
	case path + "/stdlib":
		besideConns.known.Delete(conn)
	case path + "/pgxpool":
		besideConns.known.Delete(conn)
		usedBeside(path + "/pgxpool")
	default:
		usedBeside(path)
	}
}

// packageBefore returns the package that has called into the one at path.
func packageBefore(path string) string {
	var counters [32]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(3, counters[:])])
	for {
		frame, more := frames.Next()
		slash := strings.LastIndexByte(frame.Function, '/') + 1
		name, _, _ := strings.Cut(frame.Function[slash:], ".")
		if found := frame.Function[:slash] + name; found != path || !more {
			return found
		}
	}
}

// flatMaySendBeside refuses what a connection of the application would send for ctx.
func flatMaySendBeside(ctx context.Context, path string, conn uintptr) error {
	if !besideConns.any.Load() {
		return nil
	}
	if _, beside := besideConns.known.Load(conn); !beside {
		return nil
	}
	return flatMayUseDatabase(ctx, path)
}

// flatMayUseDatabase refuses the work of ctx where its lane has shadows.
func flatMayUseDatabase(ctx context.Context, path string) (refused error) {
	if !OnFor(path) {
		return nil
	}
	lane := Lane(ctx)
	defer sqlUnsure(&lane, &refused)
	usedBeside(path)
	rules := ready().shadows.of(lane)
	if rules == nil {
		return nil
	}
	return refusedSQL(rules.lane, "other", path+" is not hooked, and the lane has shadows: use it by "+sqlHook)
}
