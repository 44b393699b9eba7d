package fairlead

import (
	"net"
	"testing"
)

func TestWhatATargetNames(t *testing.T) {
	for target, want := range map[string]string{
		"cart": "cart", "Cart:50051": "cart", "dns:///cart:50051": "cart", "dns:cart": "cart",
		"passthrough:///cart": "cart", "passthrough:cart:1": "cart", "cart.shop:50051": "cart.shop",
		"127.0.0.1:80": "127.0.0.1", "dns:///cart:grpc": "cart",
		"direct:///cart:8080": "cart", "direct:///cart.shop": "cart.shop", "direct:///a:1,b:1": "", "direct:///a,b": "",
		"dns://8.8.8.8/cart": "", "unix:cart": "", "unix:///tmp/x": "", "xds:///cart": "", "ipv4:1.2.3.4": "",
		"discovery:///cart": "", "[::1]:80": "", "cart:": "", "": "", "a b": "", "cart:50051/x": "",
	} {
		if got := rpcName(target); got != want {
			t.Errorf("%s names %q, not %q", target, got, want)
		}
	}
}

func TestMetadataOfAnAttempt(t *testing.T) {
	given := map[string][]string{"baggage": {"a=b"}, "keep": {"1"}, "gone": {"x"}}
	if (&Target{}).metadata(given) != nil {
		t.Error("nothing is to change")
	}
	target := &Target{Set: [][2]string{{"Baggage", "lane=gray"}}, Add: [][2]string{{"keep", "2"}}, Remove: []string{"Gone"}}
	sent := target.metadata(given)
	if len(sent) != 2 || sent["baggage"][0] != "lane=gray" || len(sent["keep"]) != 2 || len(given["keep"]) != 1 {
		t.Errorf("%v of %v", sent, given)
	}
}

func TestCodesOfRejections(t *testing.T) {
	for given, want := range map[int]int{0: 2, 8: 8, 16: 16, 17: 2, -1: 2} {
		if code, _ := (&Rejection{GRPCStatus: given}).rpc(); code != want {
			t.Errorf("%d is %d, not %d", given, code, want)
		}
	}
	if said := (&Rejection{Reason: "authority"}).pushback(); said != "-1" {
		t.Error(said)
	}
	if said := (&Rejection{Header: [][2]string{{"Retry-After", "3"}}}).pushback(); said != "3000" {
		t.Error(said)
	}
}

func TestServersComeAndGo(t *testing.T) {
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50051}
	serves(server{address: address, protocol: protocolGRPC})
	if len(listening.servers) != 1 {
		t.Errorf("%v", listening.servers)
	}
	other := &net.TCPAddr{IP: net.IPv4zero, Port: 8080}
	serves(server{address: other, protocol: protocolHTTP})
	for given, want := range map[string]string{"cart.example:50051": "grpc", "[::1]:8080": "http", "a:1": "", "": ""} {
		if _, protocol := spokenAt(given); protocol != want {
			t.Errorf("%s speaks %q, not %q", given, protocol, want)
		}
	}
	stops(address)
	stops(other)
	if len(listening.servers) != 0 {
		t.Errorf("%v", listening.servers)
	}
}
