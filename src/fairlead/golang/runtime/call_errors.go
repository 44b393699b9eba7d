package fairlead

import (
	"context"
	"net"
)

// dialed returns an error of a call that was not sent as net says that nobody could be reached.
func dialed(err error) error {
	switch err.(type) {
	case *unreachable, *aborted:
		return &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	return err
}

// late says that a call took longer than a rule, or whoever caused it, lets it.
type late struct{ host, limit string }

func (l *late) Error() string {
	return "fairlead: no answer of '" + l.host + "' within " + l.limit
}

// Timeout tells what net.Error tells of errors.
func (l *late) Timeout() bool { return true }

// Is says that it is what a context's own end is.
func (l *late) Is(other error) bool { return other == context.DeadlineExceeded }

// Temporary is the other half of net.Error.
func (l *late) Temporary() bool { return true }

// aborted says that a rule aborts a call on purpose: nothing was sent.
type aborted struct{ rule string }

func (a *aborted) Error() string {
	return "fairlead: " + a.rule + " aborts this call on purpose"
}

// grpcCodeOf returns the code of gRPC for a status of HTTP (gRPC's http-grpc-status-mapping).
func grpcCodeOf(status int) int {
	switch status {
	case 400:
		return 13
	case 401:
		return 16
	case 403:
		return 7
	case 404:
		return 12
	case 429, 502, 503, 504:
		return 14
	}
	return 2
}
