package http

// fairleadPattern returns the pattern that a ServeMux has found.
func fairleadPattern(r *Request) string { return r.Pattern }
