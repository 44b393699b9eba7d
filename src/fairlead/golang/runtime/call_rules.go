package fairlead

// ways is what rules say of the calls of one app.
type ways struct{}

func (s *services) rule(snapshot *snapshot) {}

// passage is what rules about calls have to do for one.
type passage struct{ caller *string }

func passed(c *Call) *passage { return nil }

func (w *passage) next(c *Call) (Target, bool, error)  { return Target{}, false, nil }
func (w *passage) ended(c *Call)                       {}
func (w *passage) answered(header map[string][]string) {}
func (w *passage) close(c *Call)                       {}
