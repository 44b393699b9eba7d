package fairlead

import (
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

// listener is a socket of this process that accepts connections (fairlead.agent.address). A Unix
// socket has no host, and port 0.
type listener struct {
	descriptor int
	inode      uint64
	v4         bool // whether it takes connections of IPv4
	v6         bool
	host       string
	port       int
}

// listeners returns this process's listening sockets in the order of their descriptors. They are
// looked at, not duplicated: a duplicate could end up in another process and keep the port taken.
func listeners() []listener {
	var found []listener
	eachSocket(func(descriptor int, inode uint64) {
		if descriptor == inspector.descriptor {
			return
		}
		if accepts, err := syscall.GetsockoptInt(descriptor, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN); err != nil || accepts == 0 {
			return
		}
		host, port, six := socketName(descriptor)
		one := listener{descriptor: descriptor, inode: inode, v4: !six, v6: six, host: host, port: port}
		if six {
			only, err := syscall.GetsockoptInt(descriptor, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY)
			one.v4 = err == nil && only == 0
		}
		if mapped := strings.TrimPrefix(host, "::ffff:"); mapped != host {
			one.host, one.v4, one.v6 = mapped, true, false // RFC 4291, 2.5.5.2
		}
		found = append(found, one)
	})
	return found
}

// eachSocket calls look with each socket of this process.
func eachSocket(look func(descriptor int, inode uint64)) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	var descriptors []int
	for _, entry := range entries {
		if number, err := strconv.Atoi(entry.Name()); err == nil {
			descriptors = append(descriptors, number)
		}
	}
	sort.Ints(descriptors)
	for _, descriptor := range descriptors {
		var stat syscall.Stat_t
		if syscall.Fstat(descriptor, &stat) == nil && stat.Mode&syscall.S_IFMT == syscall.S_IFSOCK {
			look(descriptor, stat.Ino)
		}
	}
}

// socketName returns where a TCP socket is bound, port 0 for any other socket.
func socketName(descriptor int) (host string, port int, six bool) {
	address, err := syscall.Getsockname(descriptor)
	if err != nil {
		return "", 0, false
	}
	switch a := address.(type) {
	case *syscall.SockaddrInet4:
		return net.IP(a.Addr[:]).String(), a.Port, false
	case *syscall.SockaddrInet6:
		if mapped := net.IP(a.Addr[:]).To4(); mapped != nil {
			return "::ffff:" + mapped.String(), a.Port, true
		}
		return net.IP(a.Addr[:]).String(), a.Port, true
	}
	return "", 0, false
}

const canLook = true

// trusted tells whether a peer is this user, or root.
func trusted(peer *net.UnixConn) bool {
	raw, err := peer.SyscallConn()
	if err != nil {
		return false
	}
	ours := false
	raw.Control(func(descriptor uintptr) {
		who, err := syscall.GetsockoptUcred(int(descriptor), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
		ours = err == nil && (who.Uid == 0 || int(who.Uid) == os.Geteuid())
	})
	return ours
}
