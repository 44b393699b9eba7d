// Package fairlead is the agent inside a Go program: what the hooks of `fairlead go build` call.
//
// It is compiled as a part of the standard library (its files join the package "index", which has
// none of its own), so that net/http and database/sql can import it. It imports only packages that
// import neither of them, and nothing outside the standard library.
//
// A process is governed that has FAIRLEAD_CONTROL, or a file of policies in FAIRLEAD_SOURCE; any
// other runs as if it had been built by `go build`. A fault of this package never ends a call.
package fairlead
