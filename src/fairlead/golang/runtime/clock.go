package fairlead

import (
	"time"
	_ "unsafe" // for go:linkname
)

// nanotime is what time.Since reads, without a look at the wall clock and at whether there is this one.
//
//go:linkname nanotime runtime.nanotime
func nanotime() int64

var (
	clockBegan = time.Now()
	clockZero  = nanotime() - int64(time.Since(clockBegan))
)

// clock returns nanoseconds since clockBegan, which never go back.
func clock() int64 { return nanotime() - clockZero }
