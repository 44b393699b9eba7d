package fairlead

// lanes decides which lane a request is on (fairlead.flow.lane.Lanes).
type lanes struct{ own string }

func newLanes(s *snapshot) *lanes { return &lanes{own: s.Workload.Lane} }
