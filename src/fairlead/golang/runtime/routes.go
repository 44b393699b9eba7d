package fairlead

import (
	"context"
	"strings"
	"sync/atomic"
)

// Routes of net/http's own ServeMux. That is in every program, and most routers of others are mounted
// in one: it is asked where it has variables, and names a request where nobody else has.

// muxLinked says that some ServeMux has a pattern with variables: rules for templates wait for it.
var muxLinked atomic.Bool

// Registered says that a ServeMux has got a pattern.
func Registered(pattern string) {
	defer flatFault("route")
	if strings.Contains(strings.ReplaceAll(pattern, "{$}", ""), "{") {
		muxLinked.Store(true)
	}
	if On() {
		hasRoute(pattern)
	}
}

// Routing returns the request that ctx belongs to, if nobody has told its route yet; nil for none.
func Routing(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	if r == nil || r.grpc {
		return nil
	}
	if _, ended := r.endedAt(); ended {
		return nil
	}
	return r
}

// Wants tells whether it is worth to look for the route before the request is handled: rules ask for
// it. Later it is for reports only.
func (r *Request) Wants() bool {
	if !r.wants || !r.state.CompareAndSwap(0, routing) {
		return false
	}
	defer r.come()
	return r.template == ""
}

// Matched tells the pattern that a ServeMux has found, and the path that it was asked for, and asks
// the rules about that route. A pattern for a whole folder is none, as another router may be behind it,
// and would tell a narrower one; but where a rule names the folder. What / names is a path.
func (r *Request) Matched(pattern, path string) (rejection *Rejection) {
	if !r.state.CompareAndSwap(0, routing) {
		return nil
	}
	defer r.come()
	defer r.recovered()
	template, folder := r.patternTemplate(pattern, path)
	if folder && (template == "/" || !r.plan.rules.names(meantMethod(r.in.Method)+":"+template)) {
		return nil
	}
	return r.to(template)
}

// Named tells the pattern of a request that was handled, for reports.
func (r *Request) Named(pattern, path string) {
	if !r.state.CompareAndSwap(0, routing) {
		return
	}
	defer r.come()
	defer r.recovered()
	if r.template != "" || r.meter != nil || r.refused != nil {
		return
	}
	if template, _ := r.patternTemplate(pattern, path); template != "" {
		r.template = template
		r.named(routeResource(meantMethod(r.in.Method), template))
	}
}

// patternTemplate returns a pattern, [METHOD ][HOST]/PATH, as fairlead writes it: the path alone, with
// what was stripped from it before. It is a folder's where all below it has this pattern, too.
func (r *Request) patternTemplate(pattern, path string) (template string, folder bool) {
	at := strings.IndexByte(pattern, '/')
	if at < 0 {
		return "", false
	}
	template = strings.TrimSuffix(pattern[at:], "{$}")
	folder = len(template) == len(pattern)-at && strings.HasSuffix(template, "/")
	if prefix := len(r.in.Path) - len(path); prefix > 0 && r.in.Path[prefix:] == path {
		template = r.in.Path[:prefix] + template
	}
	return written(template, false), folder
}
