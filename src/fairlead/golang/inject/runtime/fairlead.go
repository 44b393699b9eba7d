package runtime

import "unsafe"

//fairlead:needs func getg() *g

// What the goroutine works for, which one that it starts inherits (newproc1).

//go:linkname fairleadGet
func fairleadGet() unsafe.Pointer { return getg().fairlead }

//go:linkname fairleadSet
func fairleadSet(p unsafe.Pointer) { getg().fairlead = p }
