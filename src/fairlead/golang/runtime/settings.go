package fairlead

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// settings are what the operator wants of this process, read once (fairlead.agent.settings). The
// agent's own variable wins, then a foreign environment variable, then the pod label of that name;
// labels add up.
type settings struct {
	enabled   bool
	control   string // http://HOST:PORT or https://HOST:PORT
	watched   bool   // whether FAIRLEAD_CONTROL was set
	app       string
	namespace string
	lane      *string // nil leaves the lane to the labels; "" says base
	labels    [][2]string
	zone      string
	address   string
	source    string   // watch, or file:PATH
	shadow    string   // on, off, or the tables that may be rewritten, with commas between
	functions []string // that statements on a lane may call, beside those that are built in
	trust     string
	state     string
	tokenFile string
	caFile    string
	trace     string
	telemetry bool
	drain     time.Duration
	warmup    time.Duration
	disable   []string
	language  string
}

const (
	mesh      = "mesh"
	watchWord = "watch"
	filePart  = "file:"
	offWord   = "off"
	onWord    = "on"
	podinfo   = "/etc/podinfo/labels"
	tagKey    = "tag"
)

// As Kubernetes spells them, and the control plane therefore takes them.
const namePattern = `[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`

// invalidSetting is the operator's fault: a setting that cannot be used.
type invalidSetting struct{ name, value, reason string }

func (e *invalidSetting) Error() string {
	return e.name + "='" + e.value + "': " + e.reason
}

// invalidSettings are all of them: who mends the first is not to be told of the next then.
type invalidSettings []error

func (e invalidSettings) Error() string {
	said := make([]string, len(e))
	for i, one := range e {
		said[i] = one.Error()
	}
	return strings.Join(said, "; ")
}

func usualSettings() settings {
	return settings{
		enabled:   true,
		control:   "http://127.0.0.1:8580",
		namespace: "default",
		source:    watchWord,
		shadow:    onWord,
		trust:     mesh,
		trace:     "pass",
		telemetry: true,
		drain:     25 * time.Second,
	}
}

// given is what is set under the names of one field, the one that wins first.
type given []struct{ name, value string }

// variable is how one field is spelt in the environment.
type variable struct {
	name    string
	foreign []string
	empty   bool // whether an empty value says something; elsewhere it is as good as unset
	read    func(*settings, given) error
}

func (v *variable) find(environ func(string) (string, bool), pod map[string]string) given {
	var found given
	add := func(name, value string, there bool) {
		value = strings.TrimSpace(value)
		if there && (v.empty || value != "") {
			found = append(found, struct{ name, value string }{name, value})
		}
	}
	value, there := environ(v.name)
	add(v.name, value, there)
	for _, name := range v.foreign {
		if value, there = environ(name); !there {
			value, there = pod[name]
		}
		add(name, value, there)
	}
	return found
}

// readSettings returns the settings in the environment and in the pod's labels; an error that names
// each value that cannot be used.
func readSettings(environ func(string) (string, bool)) (settings, error) {
	s := usualSettings()
	var wrong invalidSettings
	path, _ := environ("FAIRLEAD_PODINFO")
	if path == "" {
		path = podinfo
	}
	pod := readPodinfo(path)
	for i := range variables {
		found := variables[i].find(environ, pod)
		if len(found) == 0 {
			continue
		}
		if err := variables[i].read(&s, found); err != nil {
			wrong = append(wrong, err)
		}
	}
	if s.state == "" {
		s.state = defaultState(environ)
	}
	if wrong != nil {
		return s, wrong
	}
	return s, nil
}

// governs tells whether these settings govern this program at all. A program that is built with us
// and started without any runs as it was written.
func (s *settings) governs() bool {
	return s.enabled && !s.killed() && (s.watched || strings.HasPrefix(s.source, filePart))
}

// killed is the kill switch: FAIRLEAD_DISABLE names everything.
func (s *settings) killed() bool {
	for _, one := range s.disable {
		if disablesAll(one) {
			return true
		}
	}
	return false
}

func disablesAll(word string) bool {
	on, known := onOrOff(word)
	return known && on || strings.ToLower(word) == "all"
}

// likelyLane is the lane as far as it can be told alone: the one set, else the only tag, else base.
func (s *settings) likelyLane() string {
	if s.lane != nil {
		return *s.lane
	}
	var tags []string
	for _, label := range s.labels {
		if label[0] == tagKey {
			tags = append(tags, label[1])
		}
	}
	if len(tags) != 1 {
		return ""
	}
	lane, _ := laneName(tags[0])
	return lane
}

func (s *settings) workload() workload {
	return workload{
		Namespace: s.namespace, App: s.app, Lane: s.likelyLane(), Labels: s.labels, Zone: s.zone,
	}
}

// defaultState is where the XDG base directory specification keeps state, "" without a home.
func defaultState(environ func(string) (string, bool)) string {
	if home, _ := environ("XDG_STATE_HOME"); strings.HasPrefix(home, "/") {
		return home + "/fairlead"
	}
	if home, _ := environ("HOME"); strings.HasPrefix(home, "/") {
		return strings.TrimRight(home, "/") + "/.local/state/fairlead"
	}
	return ""
}

var (
	podLine   = regexp.MustCompile(`^([^=\s]+)="((?:[^"\\]|\\.)*)"$`)
	podLabels = int64(1 << 20) // bytes that are read; Kubernetes allows far less
)

// readPodinfo returns the labels in a file of the Kubernetes downward API; none where there is none.
func readPodinfo(path string) map[string]string {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	text, err := readBounded(file, podLabels)
	if err != nil {
		return nil
	}
	found := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		match := podLine.FindStringSubmatch(strings.TrimSpace(line))
		if match == nil {
			continue
		}
		if value, err := strconv.Unquote(`"` + match[2] + `"`); err == nil {
			found[match[1]] = value
		}
	}
	return found
}
