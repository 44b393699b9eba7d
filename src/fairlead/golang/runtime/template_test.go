package fairlead

import "testing"

func TestRoutesAreWrittenInOneWay(t *testing.T) {
	for _, one := range []struct {
		template string
		colons   bool
		want     string
	}{
		{"", true, ""},
		{"/", true, "/"},
		{"/users/:id", true, "/users/{id}"},
		{"/users/:id/carts/:cart", true, "/users/{id}/carts/{cart}"},
		{"/users/u_:id", true, "/users/u_{id}"},
		{"/files/*rest", true, "/files/{rest}"},
		{"/files/*", true, "/files/*"},
		{"/v1/jobs\\:run", true, "/v1/jobs:run"},
		{"/:", true, "/:"},
		{"/v1/jobs:run", false, "/v1/jobs:run"},
		{"/files/*", false, "/files/*"},
		{"/users/{id}", false, "/users/{id}"},
		{"/users/{id:[0-9]{3}}/x", false, "/users/{id}/x"},
		{"/files/{rest...}", false, "/files/{rest}"},
		{"/month/{m}-{d:\\d+}-{y}", false, "/month/{m}-{d}-{y}"},
		{"/c/{id:[a-z:]+}/{other:.{2}}", false, "/c/{id}/{other}"},
		{"/open/{a", false, "/open/{a}"},
	} {
		for i := 0; i < 2; i++ {
			if got := written(one.template, one.colons); got != one.want {
				t.Errorf("%s is written %s, not %s", one.template, got, one.want)
			}
		}
	}
}

func TestAKnownRouteCostsNoAllocation(t *testing.T) {
	written("/users/:id", true)
	if n := testing.AllocsPerRun(100, func() { written("/users/:id", true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
