package fairlead

import "sync/atomic"

// plan is one snapshot made ready. A reader takes it once per request and sees nothing half changed.
type plan struct {
	snapshot *snapshot
	lanes    *lanes
	services *services
	rules    *ruleIndex
	shadows  *shadows
	shed     *protection // nil where the process does not protect itself
}

var inForce atomic.Pointer[plan]

// current returns the plan in force; never nil.
func current() *plan { return inForce.Load() }

func init() { inForce.Store(build(&snapshot{})) }

// build makes a snapshot ready, that was read and checked.
func build(s *snapshot) *plan {
	return &plan{
		snapshot: s,
		lanes:    newLanes(s),
		services: newServices(s),
		rules:    fitRules(s),
		shadows:  newShadows(s),
		shed:     fitProtection(s),
	}
}

// apply enforces a snapshot from the next call on.
func apply(s *snapshot) { inForce.Store(build(s)) }
