package fairlead

import (
	"net"
	"reflect"
	"testing"
)

// governedBy has rules that name these resources in force, until the test is over.
func governedBy(t *testing.T, names ...string) {
	s := &snapshot{}
	for _, name := range names {
		s.flow.Rates = append(s.flow.Rates, rateRule{rule: rule{Resource: name}})
	}
	before := inForce.Load()
	inForce.Store(&plan{snapshot: s})
	listening.Lock()
	servers := listening.servers
	listening.servers = nil
	listening.Unlock()
	t.Cleanup(func() {
		inForce.Store(before)
		listening.servers = servers
		resources.routes, resources.folders, resources.patterns, resources.tellers = nil, nil, false, nil
	})
}

func TestWhatRulesNameInVainIsToldWhereAllIsKnown(t *testing.T) {
	governedBy(t, "GET:/greet1b", "/greet1a", "POST:/users/{id}", "/users/{id}", "PUT:/any", "/exact", "/static/x/y", "GET:/users/42", "DELETE:/users/42", "/files/a/b", "404", "call:a", "GET:/users/:id")
	address := &net.TCPAddr{Port: 1}
	if got := unmatched(); got != nil {
		t.Fatal(got)
	}
	Serves(address, nil, true)
	if got := unmatched(); got != nil { // no pattern of it is known
		t.Fatal(got)
	}
	for _, pattern := range []string{"GET /greet1a", "GET shop.example/users/{id}", "/any", "/exact/{$}", "/static/", "/files/{rest...}"} {
		hasRoute(pattern)
	}
	want := map[string]string{"GET:/greet1b": "GET:/greet1a", "POST:/users/{id}": "GET:/users/{id}", "/exact": "/exact/", "DELETE:/users/42": "", "GET:/users/:id": "GET:/users/{id}"}
	if got := unmatched(); !reflect.DeepEqual(got, want) {
		t.Fatal(got)
	}
	serves(server{address: address, protocol: protocolGRPC, methods: []string{"/grpc.health.v1.Health/Check"}})
	if got := unmatched(); got != nil { // it may answer whatever is asked
		t.Fatal(got)
	}
}

func TestAHandlerOfTheProgramsOwnMayServeEverything(t *testing.T) {
	governedBy(t, "GET:/x", "reserve-stock", "GET /users/{id}", "GET it", "sql:shop:SELECT 1", "sql:stock")
	Serves(&net.TCPAddr{Port: 1}, nil, true)
	Serves(&net.TCPAddr{Port: 2}, 42, false)
	hasRoute("/y")
	hasDatabase("stock")
	want := map[string]string{"reserve-stock": "", "GET /users/{id}": "GET:/users/{id}", "GET it": "", "sql:shop": ""}
	if got := unmatched(); !reflect.DeepEqual(got, want) {
		t.Fatal(got)
	}
}

func TestARouterTellsItsRoutes(t *testing.T) {
	governedBy(t, "GET:/users/{id}", "GET:/users/{uid}", "/files/a", "/files")
	defer active.Store(active.Swap(true))
	flatTells(func(handler any) (routes [][2]string, colons, all bool) {
		return [][2]string{{"GET", "/users/:id"}, {"GET", "/files/*rest"}}, true, handler == 42
	})
	flatTells(func(any) (routes [][2]string, colons, all bool) { panic("a stranger's fault") })
	Serves(&net.TCPAddr{Port: 1}, 42, false)
	want := map[string]string{"GET:/users/{uid}": "GET:/users/{id}", "/files": ""}
	if got := unmatched(); !reflect.DeepEqual(got, want) {
		t.Fatal(got)
	}
	Serves(&net.TCPAddr{Port: 2}, 43, false)
	if got := unmatched(); got != nil {
		t.Fatal(got)
	}
}

func TestMethodsOfGRPCAreKnown(t *testing.T) {
	governedBy(t, "/shop.Cart/Pay", "/shop.Cart/Pya", "/shop.Cart", "/shop.Till/Pay")
	methods := []string{"/shop.Cart/Pay", "/grpc.health.v1.Health/Check"}
	serves(server{address: &net.TCPAddr{Port: 1}, protocol: protocolGRPC, methods: methods})
	want := map[string]string{"/shop.Cart/Pya": "/shop.Cart/Pay", "/shop.Till/Pay": ""}
	if got := unmatched(); !reflect.DeepEqual(got, want) {
		t.Fatal(got)
	}
}
