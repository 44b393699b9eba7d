//go:build !linux

package fairlead

import "net"

// Sockets and ancestors of a process cannot be looked at here as they can on Linux: what listens is
// said by FAIRLEAD_ADDRESS, and every process may register.

type listener struct {
	descriptor int
	inode      uint64
	v4, v6     bool
	host       string
	port       int
}

const canLook = false

func listeners() []listener { return nil }

func lineage(int) bool { return true }

// trusted is what the mode of the socket says here.
func trusted(*net.UnixConn) bool { return true }

// heldSocket is of a system that closes what waits there.
type heldSocket struct{}

func holdSocket(*net.TCPListener) (heldSocket, bool) { return heldSocket{}, false }

func (heldSocket) accept() (net.Conn, bool) { return nil, false }

func (heldSocket) close() {}
