//go:build fairlead_gls

package fairlead

import "unsafe"

// runtime.g has one word more, which goroutines inherit from the one that starts them.

//go:linkname getWord runtime.fairleadGet
func getWord() unsafe.Pointer

//go:linkname setWord runtime.fairleadSet
func setWord(unsafe.Pointer)

func getLocal() *Request  { return (*Request)(getWord()) }
func setLocal(r *Request) { setWord(unsafe.Pointer(r)) }
