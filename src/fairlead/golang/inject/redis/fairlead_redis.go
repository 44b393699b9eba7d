package redis

import (
	"context"
	"errors"
	"net"
	_ "unsafe" // for go:linkname
)

// These are nil in a program that the agent is not a part of, as nothing in it serves or calls: a
// client of Redis brings nothing along that does.

//go:linkname fairleadHook index.hookModule
var fairleadHook func(path, version string)

//go:linkname fairleadDepart index.departClient
var fairleadDepart func(ctx context.Context, path, scheme, host, method string) (call interface{}, refused error)

//go:linkname fairleadArrive index.arriveClient
var fairleadArrive func(call interface{}, fault int)

func init() {
	if fairleadHook != nil {
		fairleadHook(fairleadPath, fairleadVersion)
	}
}

// process sends one command.
func (c *baseClient) process(ctx context.Context, cmd Cmder) error {
	return c.fairleadGoverned(ctx, []Cmder{cmd}, func(ctx context.Context) error { return c.fairleadProcess(ctx, cmd) })
}

// processPipeline sends several commands, which are one call.
func (c *baseClient) processPipeline(ctx context.Context, cmds []Cmder) error {
	return c.fairleadGoverned(ctx, cmds, func(ctx context.Context) error { return c.fairleadProcessPipeline(ctx, cmds) })
}

// processTxPipeline sends a transaction.
func (c *baseClient) processTxPipeline(ctx context.Context, cmds []Cmder) error {
	return c.fairleadGoverned(ctx, cmds, func(ctx context.Context) error { return c.fairleadProcessTxPipeline(ctx, cmds) })
}

// fairleadInside marks the context of a call: what a new connection is greeted with is a part of it.
type fairleadInside struct{}

func (c *baseClient) fairleadGoverned(ctx context.Context, cmds []Cmder, send func(context.Context) error) (err error) {
	if fairleadDepart == nil || len(cmds) == 0 || c.opt.Network == "unix" || ctx.Value(fairleadInside{}) != nil {
		return send(ctx)
	}
	call, refused := fairleadDepart(ctx, fairleadPath, "redis", c.opt.Addr, cmds[0].Name())
	if refused != nil {
		for _, cmd := range cmds {
			cmd.SetErr(refused)
		}
		return refused
	}
	if call == nil {
		return send(ctx)
	}
	// Also where code of the application panics: what rules let in has to leave, and has failed.
	fault := fairleadOther
	defer func() { fairleadArrive(call, fault) }()
	err = send(context.WithValue(ctx, fairleadInside{}, true))
	fault = fairleadFault(err)
	return err
}

// What has become of a call, as the runtime numbers it.
const (
	fairleadNoFault = 0
	fairleadRefused = 1
	fairleadTimeout = 4
	fairleadOther   = 5
)

// fairleadFault tells what an error says of the server: one that it answers with is an answer.
func fairleadFault(err error) int {
	var answer interface{ RedisError() }
	var network *net.OpError
	var late net.Error
	switch {
	case err == nil || errors.As(err, &answer):
		return fairleadNoFault
	case errors.As(err, &network) && network.Op == "dial":
		return fairleadRefused
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) && late.Timeout():
		return fairleadTimeout
	}
	return fairleadOther
}
