package pgxpool

import (
	"context"
	_ "unsafe" // for go:linkname
)

// These are nil in a program that the agent is not a part of.

//go:linkname fairleadUses index.usesDatabase
var fairleadUses func(path string)

//go:linkname fairleadMayUse index.mayUseDatabase
var fairleadMayUse func(ctx context.Context, path string) error

// NewWithConfig takes note of a pool, whose statements nobody rewrites.
func NewWithConfig(ctx context.Context, config *Config) (*Pool, error) {
	if fairleadUses != nil {
		fairleadUses(fairleadPath)
	}
	return fairleadOpened(ctx, config)
}

// Acquire is what every use of a pool comes by.
func (p *Pool) Acquire(ctx context.Context) (*Conn, error) {
	if fairleadMayUse != nil {
		if err := fairleadMayUse(ctx, fairleadPath); err != nil {
			return nil, err
		}
	}
	return p.fairleadAcquire(ctx)
}
