package fairlead

// hookFact is one function of the standard library that has a hook in this program.
type hookFact struct {
	path     string // import path, which FAIRLEAD_DISABLE names
	function string // as it is declared: (*Transport).RoundTrip
	version  string // of Go
}
