package fairlead

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Which address others reach this process at (contract 3, fairlead.agent.address).

// What is spoken at an address (fairlead.policy.endpoint).
const (
	protocolHTTP = "http"
	protocolGRPC = "grpc"
)

// advertised is what is advertised, and why; address is "" where nothing can be.
type advertised struct {
	address  string
	port     int
	protocol string
	reason   string
	others   []string // other sockets that listen
	rivals   []string // those of them at which servers are, too, that the operator has not chosen from
}

// listening are the addresses that servers of this process listen at, and for what.
var listening struct {
	sync.Mutex
	servers []server
	said    bool // whether any server ever has: no other socket is taken for one then
}

type server struct {
	address  net.Addr
	protocol string
	methods  []string // of gRPC
	mux      bool     // of HTTP, whether all that comes is handed to a ServeMux
	routed   bool     // or to another router that has told its routes
}

// Serves says that a server of HTTP begins to serve at an address, to what it hands all that comes, and
// whether that is a ServeMux; Stops, that it serves no more.
func Serves(address net.Addr, handler any, mux bool) {
	routed := address != nil && active.Load() && routesTold(handler)
	serves(server{address: address, protocol: protocolHTTP, mux: mux, routed: routed})
}
func Stops(address net.Addr) { stops(address) }

func serves(one server) {
	defer flatFault("lease")
	if one.address == nil { // of a listener that is no socket
		return
	}
	listening.Lock()
	listening.servers = append(listening.servers, one)
	listening.said = true
	listening.Unlock()
	wakeTenancy()
}

func stops(address net.Addr) {
	defer flatFault("lease")
	if address == nil {
		return
	}
	listening.Lock()
	defer listening.Unlock()
	kept := listening.servers[:0]
	for _, one := range listening.servers {
		if one.address.String() != address.String() {
			kept = append(kept, one)
		}
	}
	listening.servers = kept
}

// namedBy returns the sockets that servers have named, those of HTTP before those of gRPC, and what is
// spoken there; all of them where no server ever has.
func namedBy(found []listener) ([]listener, string) {
	listening.Lock()
	defer listening.Unlock()
	if !listening.said {
		return found, ""
	}
	for _, protocol := range []string{protocolHTTP, protocolGRPC} {
		var named []listener
		for _, one := range found {
			for _, server := range listening.servers {
				if server.protocol == protocol && portAt(server.address) == one.port {
					named = append(named, one)
					break
				}
			}
		}
		if len(named) > 0 {
			return named, protocol
		}
	}
	return nil, ""
}

// spokenAt returns the port of an address HOST:PORT, and what a server of this process has said is spoken
// there; "" where none has, as of a port that something in front of this process has.
func spokenAt(address string) (port int, protocol string) {
	_, text, _ := net.SplitHostPort(address)
	port, _ = strconv.Atoi(text)
	listening.Lock()
	defer listening.Unlock()
	for _, one := range listening.servers {
		if portAt(one.address) == port && protocol != protocolHTTP {
			protocol = one.protocol
		}
	}
	return port, protocol
}

// portAt returns the port of an address, 0 of a Unix socket, and of none.
func portAt(address net.Addr) int {
	if address == nil {
		return 0
	}
	_, text, _ := net.SplitHostPort(address.String())
	port, _ := strconv.Atoi(text)
	return port
}

// choose chooses among the sockets of this process; fixed is the operator's word.
func choose(fixed string, control controlAddress) advertised {
	all := listeners()
	found, protocol := namedBy(all)
	if fixed != "" && (len(all) > 0 || !canLook) {
		port := onPort(found)
		if own, spoken := spokenAt(fixed); spoken != "" {
			port, protocol = own, spoken
		}
		return advertised{address: fixed, port: port, protocol: protocol, reason: "FAIRLEAD_ADDRESS",
			others: addresses(callable(all))}
	}
	found, all = callable(found), callable(all)
	if len(found) == 0 {
		return advertised{reason: "no listening socket yet; set FAIRLEAD_ADDRESS"}
	}
	chosen, reason := found[len(found)-1], "opened last"
	if protocol != "" {
		chosen, reason = found[0], "named by the server"
	}
	host := chosen.host
	if net.ParseIP(host).IsUnspecified() {
		reason += ", bound to every address"
		if host = ownHost(chosen, control); host == "" {
			return advertised{reason: "no address of this machine leads to " + control.String() + "; set FAIRLEAD_ADDRESS"}
		}
	}
	address := net.JoinHostPort(host, strconv.Itoa(chosen.port))
	return advertised{address: address, port: chosen.port, protocol: protocol, reason: reason,
		others: addresses(all, chosen), rivals: addresses(serversAt(all), chosen)}
}

// serversAt returns the sockets that servers have named, whatever is spoken there.
func serversAt(found []listener) []listener {
	listening.Lock()
	defer listening.Unlock()
	var kept []listener
	for _, one := range found {
		for _, server := range listening.servers {
			if portAt(server.address) == one.port {
				kept = append(kept, one)
				break
			}
		}
	}
	return kept
}

// addresses returns the addresses of sockets but those left out.
func addresses(found []listener, without ...listener) []string {
	texts := []string{}
	for _, one := range found {
		if len(without) == 0 || one.port != without[0].port {
			texts = append(texts, net.JoinHostPort(one.host, strconv.Itoa(one.port)))
		}
	}
	return texts
}

// tellRivals says once which of several servers callers come to: it may be the one for pprof or metrics.
func (a *advertised) tellRivals() {
	if len(a.rivals) > 0 && rivalsTold.CompareAndSwap(false, true) {
		warn("servers listen at " + a.address + ", which is registered, and at " + strings.Join(a.rivals, ", ") +
			": FAIRLEAD_ADDRESS=HOST:PORT says which of them callers come to")
	}
}

var rivalsTold atomic.Bool

// callable leaves Unix sockets out.
func callable(found []listener) []listener {
	var kept []listener
	for _, one := range found {
		if one.port != 0 {
			kept = append(kept, one)
		}
	}
	return kept
}

func onPort(found []listener) int {
	if len(found) == 0 {
		return 0
	}
	return found[len(found)-1].port
}

// ownHost is the host that a wildcard bind is reached at: our side toward the control plane. A
// datagram socket connects without a word.
func ownHost(l listener, control controlAddress) string {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupIPAddr(ctx, control.host)
	if err != nil {
		return ""
	}
	for _, one := range found {
		probe, err := net.DialTimeout("udp", net.JoinHostPort(one.String(), control.port), time.Second)
		if err != nil {
			continue
		}
		local, ours := probe.LocalAddr().(*net.UDPAddr)
		probe.Close()
		switch {
		case !ours:
		case local.IP.IsLoopback() && l.v4:
			return "127.0.0.1"
		case local.IP.IsLoopback():
			return "::1"
		case l.v6 && local.IP.To4() == nil, l.v4 && local.IP.To4() != nil:
			return local.IP.String()
		}
	}
	return ""
}
