package fairlead

// meter counts what happened at one interface on one lane, for reports (protocols/watch/report.py).
type meter struct{}

// metered returns the meter of an interface; of too many, that of the rest. side is "server",
// "client" or "sql".
func metered(name, side, lane string) *meter { return nil }

func (m *meter) begin()                          {}
func (m *meter) end(elapsed int64, failed bool)  {}
func (m *meter) rejected(r *Rejection, sim bool) {}

// edge counts a call of an app as its caller saw it.
func edge(to, label, lane string, elapsed int64, failed, fallback bool, retries int) {}

// edgeLost counts a call of an app that went out without the label that its work has.
func edgeLost(to, label string) {}

// counted counts an event by the names of fairlead.telemetry.names.
func counted(name, label string) {}

// fault keeps a fault of our own for doctor and counts it; the application does not notice.
func fault(where string, err any) {}
