package http2

//fairlead:needs responseWriter.rws *responseWriterState
//fairlead:needs responseWriterState.status int
//fairlead:needs type responseWriter

// FairleadStatus returns the status of an answer, 0 where it is too late to know.
func (w *responseWriter) FairleadStatus() int {
	if w.rws == nil {
		return 0
	}
	if w.rws.status == 0 {
		return 200
	}
	return w.rws.status
}
