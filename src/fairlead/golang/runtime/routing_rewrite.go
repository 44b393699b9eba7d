package fairlead

import (
	"strconv"
	"strings"
)

// What is changed of a request on its way: headers, path, host, or where its client is sent
// (fairlead.policy.routing.rewriting).

// changed returns headers with one level's changes: what goes, goes first.
func (h headerPairs) changed(removed []string, added []headerValue, q *routeRequest) headerPairs {
	for _, name := range removed {
		h = h.without(strings.ToLower(name))
	}
	for i := range added {
		one := &added[i]
		name := strings.ToLower(one.Name)
		if name == "host" {
			name = ":authority"
		}
		value := formatted(one.Value, q, h)
		if value == "" && !one.KeepEmpty {
			continue
		}
		_, there := h.value(name)
		if one.How == "add-if-absent" && there || one.How == "overwrite-if-exists" && !there {
			continue
		}
		if one.How == "overwrite" || one.How == "overwrite-if-exists" {
			h = h.without(name)
		}
		h = append(h, [2]string{name, value})
	}
	return h
}

// rewriter is what a route makes of host and path, compiled.
type rewriter struct {
	forward  *forwardRule
	path     *pathRule
	regex    *substitution
	host     *substitution
	template func(plain string) string
}

func newRewriter(r *routeRule) *rewriter {
	f := r.Action.forward
	w := &rewriter{forward: f, path: &r.Match.Path}
	if f.Host != nil {
		w.host = f.Host.Path.compiled()
	}
	if f.Path != nil {
		w.regex = f.Path.Regex.compiled()
		if f.Path.Template != "" {
			if pattern, err := routeTemplate(r.Match.Path.Value); err == nil {
				w.template = func(plain string) string {
					return rewrittenByTemplate(pattern, f.Path.Template, plain)
				}
			}
		}
	}
	return w
}

// routed returns headers with host and path as the route says; host is a weighted cluster's own.
func (w *rewriter) routed(h headerPairs, host string) headerPairs {
	if authority := w.authority(h); authority != "" {
		host = authority
	}
	if host != "" {
		old, _ := h.value(":authority")
		h = h.replace(":authority", host)
		if w.forward.AppendForwardedHost && old != "" {
			h = append(h, [2]string{"x-forwarded-host", old})
		}
	}
	if w.forward.Path != nil {
		before, _ := h.value(":path")
		if after := w.rewritten(before); after != before {
			h = h.replace(":path", after).without("x-envoy-original-path")
			h = append(h, [2]string{"x-envoy-original-path", before})
		}
	}
	return h
}

func (w *rewriter) authority(h headerPairs) string {
	rewrite := w.forward.Host
	switch {
	case rewrite == nil:
		return ""
	case rewrite.Literal != "":
		return rewrite.Literal
	case rewrite.Header != "":
		value, _ := h.value(strings.ToLower(rewrite.Header))
		return value
	case w.host != nil:
		path, _ := h.value(":path")
		return w.host.of(withoutQuery(path))
	}
	return ""
}

// rewritten returns a path with its query, rewritten.
func (w *rewriter) rewritten(before string) string {
	plain := withoutQuery(before)
	rest := before[len(plain):]
	switch rewrite := w.forward.Path; {
	case rewrite.Full != nil:
		return *rewrite.Full + rest
	case rewrite.Prefix != nil:
		return *rewrite.Prefix + plain[w.path.matched(plain):] + rest
	case w.regex != nil:
		return w.regex.of(plain) + rest
	case w.template != nil:
		return w.template(plain) + rest
	}
	return before
}

// matched returns how much of a path the test of a route is about: all, or the beginning.
func (p *pathRule) matched(plain string) int {
	if p.Kind == "prefix" || p.Kind == "separated-prefix" {
		return min(len(p.Value), len(plain))
	}
	return len(plain)
}

// location returns where the client is sent.
func (r *redirectRule) location(q *routeRequest, path *pathRule) string {
	scheme := r.Scheme
	if scheme == "" {
		scheme = q.scheme
		if r.HTTPS {
			scheme = "https"
		}
	}
	port := ""
	if r.Port != nil {
		port = ":" + strconv.FormatInt(*r.Port, 10)
	}
	host := r.Host
	if host == "" {
		host = hostInRedirect(q, scheme, port)
	}
	return scheme + "://" + host + port + r.redirected(q, path)
}

// hostInRedirect returns the host; its port goes where another is given, or where it was the old
// scheme's.
func hostInRedirect(q *routeRequest, scheme, port string) string {
	at := strings.LastIndexByte(q.authority, ':')
	if at < 0 || !isDigits(q.authority[at+1:], 9) {
		return q.authority
	}
	usual := q.scheme == "http" && q.authority[at+1:] == "80" || q.scheme == "https" && q.authority[at+1:] == "443"
	if port != "" || scheme != q.scheme && usual {
		return q.authority[:at]
	}
	return q.authority
}

func (r *redirectRule) redirected(q *routeRequest, path *pathRule) string {
	plain := q.plain()
	rest := q.path[len(plain):]
	if r.StripQuery {
		rest = ""
	}
	switch {
	case r.Path != nil:
		if strings.IndexByte(*r.Path, '?') >= 0 {
			return *r.Path
		}
		return *r.Path + rest
	case r.Prefix != nil:
		return *r.Prefix + plain[path.matched(plain):] + rest
	case r.Regex != nil:
		if regex := r.Regex.compiled(); regex != nil {
			return regex.of(plain) + rest
		}
	}
	return plain + rest
}
