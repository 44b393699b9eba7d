package http

// fairleadPattern returns nothing: a request does not know its pattern yet (Go 1.23).
func fairleadPattern(*Request) string { return "" }
