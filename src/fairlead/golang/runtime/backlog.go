package fairlead

import "net"

// Backlog is a listening socket that stays open when its listener is closed. Whoever waits there has
// connected, and may have sent a request: the system resets them when the last one closes the socket.
type Backlog struct {
	socket heldSocket
	most   int
}

// longestBacklog is how many the system lets wait (net.core.somaxconn, by default).
const longestBacklog = 4096

// Hold keeps the socket of a listener open until Next has said that nobody waits there; nil where
// it cannot.
func Hold(l *net.TCPListener) *Backlog {
	defer flatFault("lease")
	if socket, ok := holdSocket(l); ok {
		return &Backlog{socket: socket, most: longestBacklog}
	}
	return nil
}

// Next returns a connection that waits. Once there is none, it closes the socket and returns nil; it
// is not to be called again.
func (b *Backlog) Next() net.Conn {
	defer flatFault("lease")
	if b == nil {
		return nil
	}
	for more := true; more && b.most > 0; {
		b.most--
		var conn net.Conn
		if conn, more = b.socket.accept(); conn != nil {
			return conn
		}
	}
	b.socket.close()
	return nil
}
