package fairlead

// services are the apps that can be called by name.
type services struct{}

func newServices(*snapshot) *services { return &services{} }
