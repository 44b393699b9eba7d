package fairlead

import "fmt"

// Tables of routes, as an Envoy RouteConfiguration holds them (fairlead.policy.routing). Each field
// means what it means there; fields that say nothing are not on the wire, and their values here are
// what that means.

// routeRule is what becomes of requests that match.
type routeRule struct {
	Name        string         `json:"name"`
	Match       matchRule      `json:"match"`
	Action      actionRule     `json:"action,required"`
	Timeout     *float64       `json:"timeout"`
	IdleTimeout *float64       `json:"idle_timeout"`
	GRPCTimeout *float64       `json:"grpc_timeout"`
	Retry       *retryRule     `json:"retry"`
	Injection   *injectionRule `json:"injection"`
	Changes     changesRule    `json:"changes"`
	Cors        *corsRule      `json:"cors"`
}

func (r *routeRule) usual() { r.Match.usual() }

// textRule is a test of one text; Kind is exact, prefix, suffix, contains or regex.
type textRule struct {
	Kind       string `json:"kind,required"`
	Value      string `json:"value,required"`
	IgnoreCase bool   `json:"ignore_case"`
}

type pathRule struct {
	Kind       string `json:"kind"`
	Value      string `json:"value"`
	IgnoreCase bool   `json:"ignore_case"`
}

func (p *pathRule) usual() { p.Kind, p.Value = "prefix", "/" }

type headerRule struct {
	Name           string    `json:"name,required"`
	Text           *textRule `json:"text"`
	Range          *[2]int64 `json:"range"`
	Present        bool      `json:"present"`
	Invert         bool      `json:"invert"`
	MissingIsEmpty bool      `json:"missing_is_empty"`
}

func (h *headerRule) usual() { h.Present = true }

type queryRule struct {
	Name    string    `json:"name,required"`
	Text    *textRule `json:"text"`
	Present bool      `json:"present"`
}

func (q *queryRule) usual() { q.Present = true }

type cookieRule struct {
	Name   string   `json:"name,required"`
	Text   textRule `json:"text,required"`
	Invert bool     `json:"invert"`
}

type metadataRule struct {
	Filter string    `json:"filter,required"`
	Path   []string  `json:"path,required"`
	Text   *textRule `json:"text"`
	Invert bool      `json:"invert"`
}

type fractionRule struct {
	Numerator   int64  `json:"numerator,required"`
	Denominator int64  `json:"denominator"`
	RuntimeKey  string `json:"runtime_key"`
}

func (f *fractionRule) usual() { f.Denominator = 100 }

type customRule struct {
	Name      string      `json:"name,required"`
	Arguments [][2]string `json:"arguments"`
}

type matchRule struct {
	Path     pathRule       `json:"path"`
	Headers  []headerRule   `json:"headers"`
	Queries  []queryRule    `json:"queries"`
	Cookies  []cookieRule   `json:"cookies"`
	Metadata []metadataRule `json:"metadata"`
	Fraction *fractionRule  `json:"fraction"`
	GRPC     bool           `json:"grpc"`
	TLS      *bool          `json:"tls"`
	Custom   []customRule   `json:"custom"`
}

func (m *matchRule) usual() { m.Path.usual() }

// headerValue is a header that is set; How is append, add-if-absent, overwrite or overwrite-if-exists.
type headerValue struct {
	Name      string `json:"name,required"`
	Value     string `json:"value,required"`
	How       string `json:"how"`
	KeepEmpty bool   `json:"keep_empty"`
}

func (h *headerValue) usual() { h.How = "overwrite" }

type changesRule struct {
	RequestSet      []headerValue `json:"request_set"`
	RequestRemoved  []string      `json:"request_removed"`
	ResponseSet     []headerValue `json:"response_set"`
	ResponseRemoved []string      `json:"response_removed"`
}

func (c *changesRule) any() bool {
	return len(c.RequestSet)+len(c.RequestRemoved)+len(c.ResponseSet)+len(c.ResponseRemoved) > 0
}

type substitutionRule struct {
	Regex string `json:"regex,required"`
	Text  string `json:"text,required"`
}

type pathRewrite struct {
	Prefix   *string           `json:"prefix"`
	Regex    *substitutionRule `json:"regex"`
	Template string            `json:"template"`
	Full     *string           `json:"full"`
}

type hostRewrite struct {
	Literal string            `json:"literal"`
	Header  string            `json:"header"`
	Path    *substitutionRule `json:"path"`
	Auto    bool              `json:"auto"`
}

type weightedRule struct {
	Cluster  string      `json:"cluster,required"`
	Weight   int64       `json:"weight"`
	Changes  changesRule `json:"changes"`
	Host     string      `json:"host"`
	Fallback string      `json:"fallback"`
}

func (w *weightedRule) usual() { w.Weight = 1 }

type mirrorRule struct {
	Cluster  string        `json:"cluster,required"`
	Fraction *fractionRule `json:"fraction"`
}

type hashKeyRule struct {
	Source   string   `json:"source,required"`
	Name     string   `json:"name"`
	TTL      *float64 `json:"ttl"`
	Path     string   `json:"path"`
	Terminal bool     `json:"terminal"`
}

type corsRule struct {
	Origins          []textRule `json:"origins"`
	Methods          string     `json:"methods"`
	Headers          string     `json:"headers"`
	Exposed          string     `json:"exposed"`
	MaxAge           string     `json:"max_age"`
	Credentials      *bool      `json:"credentials"`
	ForwardUnmatched bool       `json:"forward_unmatched"`
}

func (c *corsRule) usual() { c.ForwardUnmatched = true }

type forwardRule struct {
	Clusters            []weightedRule `json:"clusters"`
	ClusterHeader       string         `json:"cluster_header"`
	Missing             int64          `json:"missing"`
	Path                *pathRewrite   `json:"path"`
	Host                *hostRewrite   `json:"host"`
	AppendForwardedHost bool           `json:"append_forwarded_host"`
	Mirrors             []mirrorRule   `json:"mirrors"`
	Hashing             []hashKeyRule  `json:"hashing"`
	Priority            string         `json:"priority"`
}

func (f *forwardRule) usual() { f.Missing = 503 }

type redirectRule struct {
	Code       int64             `json:"code"`
	HTTPS      bool              `json:"https"`
	Scheme     string            `json:"scheme"`
	Host       string            `json:"host"`
	Port       *int64            `json:"port"`
	Path       *string           `json:"path"`
	Prefix     *string           `json:"prefix"`
	Regex      *substitutionRule `json:"regex"`
	StripQuery bool              `json:"strip_query"`
}

func (r *redirectRule) usual() { r.Code = 301 }

type answerRule struct {
	Status  int64       `json:"status,required"`
	Body    string      `json:"body"`
	Headers [][2]string `json:"headers"`
}

type refuseRule struct{}

// actionRule is one of the four: an object says in "is" which one it is.
type actionRule struct {
	forward  *forwardRule
	redirect *redirectRule
	answer   *answerRule
	refuse   *refuseRule
}

func (a *actionRule) readJSON(value any, path string, r *jsonReading) error {
	object, ok := value.(*jsonObject)
	if !ok {
		return jsonExpected("dict", value, path)
	}
	rest := &jsonObject{values: object.values}
	for _, key := range object.keys {
		if key != "is" {
			rest.keys = append(rest.keys, key)
		}
	}
	switch kind, _ := object.values["is"].(string); kind {
	case "forward":
		a.forward = &forwardRule{}
		return r.readJSON(rest, a.forward, path)
	case "redirect":
		a.redirect = &redirectRule{}
		return r.readJSON(rest, a.redirect, path)
	case "answer":
		a.answer = &answerRule{}
		return r.readJSON(rest, a.answer, path)
	case "refuse":
		a.refuse = &refuseRule{}
		return r.readJSON(rest, a.refuse, path)
	}
	return fmt.Errorf("%s.is: expected one of answer, forward, redirect, refuse", path)
}

// retryRule sends a call again where an attempt ends in one of On.
type retryRule struct {
	Attempts int64    `json:"attempts,required"`
	On       []string `json:"on"`
	Statuses []int64  `json:"statuses"`
	PerTry   float64  `json:"per_try"`
	Backoff  float64  `json:"backoff"`
	Longest  float64  `json:"longest"`
	SameHost bool     `json:"same_host"`
}

func (r *retryRule) usual() { r.Backoff, r.Longest = 0.025, 0.25 }

// injectionRule delays, or aborts, a share of calls.
type injectionRule struct {
	Delay        float64 `json:"delay"`
	DelayPercent float64 `json:"delay_percent"`
	Status       int64   `json:"status"`
	GRPC         *int64  `json:"grpc"`
	AbortPercent float64 `json:"abort_percent"`
}
