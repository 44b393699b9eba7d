package pgxpool

import (
	"context"
	_ "unsafe" // for go:linkname
)

// fairleadMayUse is nil in a program that the agent is not a part of.
//
//go:linkname fairleadMayUse index.mayUseDatabase
var fairleadMayUse func(ctx context.Context, path string) error

// Acquire is what every use of a pool comes by, whose statements nobody rewrites.
func (p *Pool) Acquire(ctx context.Context) (*Conn, error) {
	if fairleadMayUse != nil {
		if err := fairleadMayUse(ctx, fairleadPath); err != nil {
			return nil, err
		}
	}
	return p.fairleadAcquire(ctx)
}
