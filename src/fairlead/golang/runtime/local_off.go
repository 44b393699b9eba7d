//go:build !fairlead_gls

package fairlead

// Without a place in goroutines for it, a lane travels by contexts alone (--gls=off).

func getLocal() *Request  { return nil }
func setLocal(r *Request) {}
