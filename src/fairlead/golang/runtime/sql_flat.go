package fairlead

import (
	"context"
	_ "unsafe" // for go:linkname
)

// What hooks of libraries call that talk to databases beside database/sql. Nobody rewrites what they
// send: on a lane with shadows they are refused, and their process serves none by name.

//go:linkname usesDatabase
var usesDatabase = flatUsesDatabase

//go:linkname mayUseDatabase
var mayUseDatabase = flatMayUseDatabase

// flatUsesDatabase says that the program has opened a pool of a library.
func flatUsesDatabase(path string) {
	defer flatFault(sqlHook)
	sqlNoted.lock.Lock()
	defer sqlNoted.lock.Unlock()
	sqlNoted.beside = path
}

// flatMayUseDatabase refuses the work of ctx where its lane has shadows.
func flatMayUseDatabase(ctx context.Context, path string) (refused error) {
	if !OnFor(path) {
		return nil
	}
	lane := Lane(ctx)
	defer sqlUnsure(&lane, &refused)
	rules := ready().shadows.of(lane)
	if rules == nil {
		return nil
	}
	return refusedSQL(rules.lane, "other", path+" is not hooked, and the lane has shadows: use it by "+sqlHook)
}
