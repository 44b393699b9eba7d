package fairlead

import (
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"time"
)

// agentVersion is that of the build tool, which says it in a file of its own.
var agentVersion = "0"

// hookTold is what became of a library, as it stands on the wire.
type hookTold struct {
	Library string `json:"library"`
	Version string `json:"version"`
	State   string `json:"state"`
	Reason  string `json:"reason"`
}

// registration is an instance as its process knows it. Last is what is another each time: a control
// plane knows the others again as they stand.
type registration struct {
	Node      string                      `json:"node"`
	Namespace string                      `json:"namespace"`
	App       string                      `json:"app"`
	Address   string                      `json:"address"`
	PID       int                         `json:"pid"`
	Host      string                      `json:"host"`
	Lane      *string                     `json:"lane"`
	Labels    [][2]string                 `json:"labels"`
	Zone      string                      `json:"zone"`
	Hooks     []hookTold                  `json:"hooks"`
	Language  string                      `json:"python"` // with its version: go1.26.8
	Version   string                      `json:"version"`
	Unfit     map[string]string           `json:"unfit"`
	Warmup    float64                     `json:"warmup"`
	Protocol  string                      `json:"protocol"`
	Unmatched map[string]string           `json:"unmatched"` // null where that is not known
	Counters  map[string]map[string]int64 `json:"counters"`
	Report    json.RawMessage             `json:"report,omitempty"`
}

// lease is what the control plane made of a registration.
type lease struct {
	Lane     string  `json:"lane"`
	Conflict *string `json:"conflict"`
	Renew    float64 `json:"renew"`
	Reported int64   `json:"reported"`
}

const shortestLease = 0.02

func readLease(body []byte) (lease, error) {
	found := lease{Renew: usualRenew.Seconds()}
	if err := json.Unmarshal(body, &found); err != nil {
		return found, errors.New("not a lease: " + err.Error())
	}
	if found.Renew < shortestLease || found.Renew > longestEvery {
		return found, errors.New("not a lease: it says no time that renewals may have")
	}
	return found, nil
}

// told returns the body that registers this process.
func (t *tenancy) told(chosen advertised, report json.RawMessage) []byte {
	host, _ := os.Hostname()
	tables, databases := unfit()
	body, err := json.Marshal(registration{
		Node:      t.whose.node,
		Namespace: set.namespace,
		App:       set.app,
		Address:   chosen.address,
		PID:       os.Getpid(),
		Host:      host,
		Lane:      set.lane,
		Labels:    append([][2]string{}, set.labels...),
		Zone:      set.zone,
		Hooks:     hooksTold(),
		Language:  runtime.Version(),
		Version:   agentVersion,
		Unfit:     map[string]string{"tables": tables, "databases": databases},
		Warmup:    t.warmth(),
		Protocol:  chosen.protocol,
		Unmatched: unmatched(),
		Counters:  readCounters(),
		Report:    report,
	})
	if err != nil {
		fault("registration", err)
	}
	return append(body, '\n')
}

// warmth is what is left of the warm-up: an instance that was lost for a while is not new when it is
// back.
func (t *tenancy) warmth() float64 {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.began.IsZero() {
		t.began = time.Now()
	}
	return max(0, set.warmup.Seconds()-time.Since(t.began).Seconds())
}

const mostHooks = 256

// hooksTold is what this program was built with, each package once, and what was switched off.
func hooksTold() []hookTold {
	found, seen := []hookTold{}, map[string]bool{}
	add := func(path, version string) {
		if seen[path] || len(found) == mostHooks {
			return
		}
		seen[path] = true
		one := hookTold{Library: path, Version: version, State: "hooked"}
		if !OnFor(path) && (len(knownHooks) == 0 || isHook(path)) {
			one.State, one.Reason = "skipped", "FAIRLEAD_DISABLE names it"
		}
		found = append(found, one)
	}
	for _, one := range builtHooks {
		add(one.path, one.version)
	}
	for _, one := range hookedModules() {
		add(one[0], one[1])
	}
	return found
}

// unfit says why lanes with shadow tables, and with shadow databases, are not to be served here; ""
// where they may be.
var unfit = func() (tables, databases string) { return sqlUnfit(builtWith(sqlHook)) }

// builtWith tells whether a package of the standard library has a hook in this program.
func builtWith(path string) bool {
	for _, one := range builtHooks {
		if one.path == path {
			return true
		}
	}
	return false
}
