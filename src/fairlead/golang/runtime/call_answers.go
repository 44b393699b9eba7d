package fairlead

import (
	"context"
	"math/rand"
	"strings"
	"time"
)

// Calls that rules answer, or delay, themselves (fairlead.flow.inject).

// inject delays, or aborts, a call on purpose.
func (w *passage) inject(c *Call) (t Target, more bool, err error, done bool) {
	rule := w.route.rule.Injection
	if rule == nil {
		return t, false, nil, false
	}
	if rule.Delay > 0 && rand.Float64() < rule.DelayPercent/100 {
		counted("fault_injected", w.ways.rules.App)
		if !sleep(c.ctx, nanoseconds(rule.Delay)) {
			c.last, c.state = ended{fault: Other, grpc: -1, gone: true}, callOver
			return t, false, c.ctx.Err(), true
		}
	}
	if rule.AbortPercent == 0 || rand.Float64() >= rule.AbortPercent/100 {
		return t, false, nil, false
	}
	counted("fault_injected", w.ways.rules.App)
	grpc := -1
	if rule.GRPC != nil {
		grpc = int(*rule.GRPC)
	}
	c.last, c.state = ended{fault: Other, status: int(rule.Status), grpc: grpc, injected: true}, callOver
	if rule.Status == 0 && !c.out.GRPC {
		return t, false, &aborted{w.route.rule.Name}, true
	}
	if grpc < 0 {
		grpc = grpcCodeOf(int(rule.Status))
	}
	const text = "fault filter abort"
	answer := &Rejection{Status: int(rule.Status), Body: text, GRPCStatus: grpc, GRPCMessage: text}
	return w.final(c, answer, w.route.rule.Name), true, nil, true
}

// answer has a rule answer in the place of the app: neither a failure nor a success of anybody.
func (w *passage) answer(c *Call, rule *answerRule, name string) (Target, bool, error) {
	code := grpcCodeOf(int(rule.Status))
	c.last, c.state = ended{fault: Other, status: int(rule.Status), grpc: code, answered: true}, callOver
	answer := &Rejection{
		Status: int(rule.Status), Header: rule.Headers, Body: rule.Body, GRPCStatus: code, GRPCMessage: rule.Body,
	}
	return w.final(c, answer, name), true, nil
}

func (w *passage) final(c *Call, answer *Rejection, rule string) Target {
	answer.Rule, answer.Resource, answer.Answers = rule, c.callee.resource, true
	typed := false
	for _, one := range answer.Header {
		typed = typed || strings.EqualFold(one[0], "content-type")
	}
	if !typed {
		answer.Header = append(answer.Header[:len(answer.Header):len(answer.Header)],
			[2]string{"Content-Type", "text/plain; charset=utf-8"})
	}
	return Target{Answer: answer, Copies: w.copies}
}

// full answers a call where as many are under way as a rule lets an app have.
func (w *passage) full(c *Call, rule string) Target {
	const text = "upstream connect error or disconnect/reset before headers. reset reason: overflow"
	c.last, c.state = ended{fault: Other, grpc: -1, injected: true}, callOver
	w.settle(c, true)
	answer := &Rejection{Status: 503, Body: text, GRPCStatus: 14, GRPCMessage: text}
	return w.final(c, answer, rule)
}

// sleep waits, and tells whether whoever waits for the call still does.
func sleep(ctx context.Context, nanoseconds int64) bool {
	timer := time.NewTimer(time.Duration(nanoseconds))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
