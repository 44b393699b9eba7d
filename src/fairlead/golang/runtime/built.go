package fairlead

// hookFact is one function of the standard library that has a hook in this program.
type hookFact struct {
	path     string // import path, which FAIRLEAD_DISABLE names
	function string // as it is declared: (*Transport).RoundTrip
	version  string // of Go
}

// builtMark is found in the file of the program, whatever it was stripped of (fairlead.golang.carried).
// Nobody reads it here, and the linker keeps what is stored.
var builtMark string
