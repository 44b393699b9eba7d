package fairlead

import (
	"net"
	"os"
	"syscall"
)

// heldSocket is a descriptor of our own of a socket that does not wait in accept.
type heldSocket int

func holdSocket(l *net.TCPListener) (held heldSocket, ok bool) {
	raw, err := l.SyscallConn()
	if err != nil {
		return 0, false
	}
	raw.Control(func(descriptor uintptr) {
		flags, _, failed := syscall.Syscall(syscall.SYS_FCNTL, descriptor, syscall.F_GETFL, 0)
		if failed != 0 || flags&syscall.O_NONBLOCK == 0 { // somebody else has it
			return
		}
		one, _, failed := syscall.Syscall(syscall.SYS_FCNTL, descriptor, syscall.F_DUPFD_CLOEXEC, 0)
		held, ok = heldSocket(one), failed == 0
	})
	return held, ok
}

// accept returns a connection that waits, none where it has gone meanwhile, and whether more may wait.
func (s heldSocket) accept() (conn net.Conn, more bool) {
	descriptor, _, err := syscall.Accept4(int(s), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
	if err != nil {
		return nil, err == syscall.EINTR || err == syscall.ECONNABORTED
	}
	file := os.NewFile(uintptr(descriptor), "")
	defer file.Close()
	conn, err = net.FileConn(file)
	if err != nil {
		return nil, true
	}
	return conn, true
}

func (s heldSocket) close() { syscall.Close(int(s)) }
