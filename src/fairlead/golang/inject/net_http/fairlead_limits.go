package http

import (
	"context"
	"errors"
	fairlead "index"
	"time"
)

// fairleadLimits are the times of one attempt: until its answer begins, and until that was read.
type fairleadLimits struct {
	ctx   context.Context
	done  context.CancelFunc // nil where there is no limit
	cut   context.CancelCauseFunc
	timer *time.Timer
}

var errFairleadLate = errors.New("fairlead: no answer within the time that a rule gives an attempt")

func (l *fairleadLimits) keep(target fairlead.Target) {
	if target.Whole != 0 {
		l.ctx, l.done = context.WithDeadline(l.ctx, time.Unix(0, target.Whole))
	}
	if target.Deadline == 0 || target.Deadline == target.Whole {
		return
	}
	if l.done == nil {
		l.done = func() {}
	}
	l.ctx, l.cut = context.WithCancelCause(l.ctx)
	l.timer = time.AfterFunc(time.Until(time.Unix(0, target.Deadline)), func() { l.cut(errFairleadLate) })
}

// fault tells how much the other side can have seen of an attempt without an answer.
func (l *fairleadLimits) fault(err error) fairlead.Fault {
	if context.Cause(l.ctx) == errFairleadLate {
		return fairlead.Timeout
	}
	return fairleadFault(err)
}

// arrived says that the answer has begun.
func (l *fairleadLimits) arrived() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

func (l *fairleadLimits) end() {
	if l.cut != nil {
		l.arrived()
		l.cut(nil)
	}
	if l.done != nil {
		l.done()
	}
}
