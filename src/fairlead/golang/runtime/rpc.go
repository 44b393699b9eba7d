package fairlead

import "strings"

// rpcName returns the host in the target of a connection of gRPC, lower case, or "" where no name is
// looked up (fairlead.instruments.rpc.name_in).
//
// Any port counts: gRPC has none that could be left out, and an app's instances are at ports of their
// own. A target that names the name server to ask is left to it. "direct" is go-zero's and kratos': what
// it is given is connected to as it is.
func rpcName(target string) string {
	if scheme, _, _ := strings.Cut(target, ":"); notName(scheme) {
		return ""
	}
	rest := target
	for _, scheme := range [...]string{"dns:", "passthrough:", "direct:"} {
		if strings.HasPrefix(rest, scheme) {
			rest = strings.TrimPrefix(strings.TrimPrefix(rest, scheme), "///")
			break
		}
	}
	name, port, more := strings.Cut(rest, ":")
	if name == "" || len(name) > 253 || strings.ContainsAny(name, "/, \t\r\n\v\f") {
		return ""
	}
	if more && (port == "" || len(port) > 32 || !isWord(port)) {
		return ""
	}
	return strings.ToLower(name)
}

// notName tells whether what stands before a colon says that what follows is no name.
func notName(scheme string) bool {
	switch scheme {
	case "ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds", "google-c2p":
		return true
	}
	return false
}

func isWord(text string) bool {
	for _, c := range text {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
