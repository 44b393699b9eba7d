package fairlead

import (
	"context"
	"testing"
)

func TestAClientWithoutARuleGoesOn(t *testing.T) {
	active.Store(true)
	defer active.Store(false)
	call, refused := departClient(context.Background(), "example.org/client", "redis", "cache:6379", "get")
	if call != nil || refused != nil {
		t.Errorf("%v %v", call, refused)
	}
	arriveClient(call, int(Other))
}
