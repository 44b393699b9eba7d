package fairlead

import "testing"

func TestARouteWithoutARequestPasses(t *testing.T) {
	if status, _, _ := flatRoute(nil, "/users/:id", true); status != 0 {
		t.Errorf("answered with %d", status)
	}
}

func TestHooksOfModulesAreKnown(t *testing.T) {
	before := len(hookedModules())
	flatRouter("example.org/router", "v1.0.0")
	if after := hookedModules(); len(after) != before+1 || !routersLinked.Load() {
		t.Errorf("%v", after)
	}
}
