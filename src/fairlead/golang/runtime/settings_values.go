package fairlead

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Values of settings, each refused with what was expected (fairlead.agent.settings).

var (
	nameForm      = regexp.MustCompile(`\A` + namePattern + `\z`)
	namespaceForm = regexp.MustCompile(`\A[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\z`)
	labelKeyForm  = regexp.MustCompile(`\A(?:[a-z0-9][-a-z0-9.]{0,252}/)?` + namePattern + `\z`)
	labelForm     = regexp.MustCompile(`\A(?:` + namePattern + `)?\z`)
	addressForm   = regexp.MustCompile(`\A(?:\[[0-9A-Fa-f:.%]+\]|[^\s:\[\]/@]+):(\d{1,5})\z`)
	secondsForm   = regexp.MustCompile(`\A(\d+(?:\.\d+)?)(ms|s|m|h)?\z`)
	withPort      = regexp.MustCompile(`:\d+\z`)
)

const longestDuration = 3600.0

var variables = []variable{
	{name: "FAIRLEAD_ENABLED", foreign: []string{"msePilotAutoEnable"}, read: switched(func(s *settings, on bool) { s.enabled = on })},
	{name: "FAIRLEAD_CONTROL", read: readControl},
	{name: "FAIRLEAD_APP", foreign: []string{"msePilotCreateAppName"}, read: readApp},
	{name: "FAIRLEAD_NAMESPACE", foreign: []string{"mseNamespace"}, read: readNamespace},
	{name: "FAIRLEAD_LANE", empty: true, read: readLane},
	{name: "FAIRLEAD_LABELS", foreign: []string{"traffic.opensergo.io/label", "alicloud.service.tag"}, read: readLabels},
	{name: "FAIRLEAD_ZONE", read: readZone},
	{name: "FAIRLEAD_ADDRESS", read: readAddress},
	{name: "FAIRLEAD_SOURCE", read: readSource},
	{name: "FAIRLEAD_SHADOW", read: readShadow},
	{name: "FAIRLEAD_SQL_FUNCTIONS", read: readFunctions},
	{name: "FAIRLEAD_TRUST", read: oneOf(func(s *settings, v string) { s.trust = v }, mesh, "none")},
	{name: "FAIRLEAD_STATE", read: text(func(s *settings, v string) { s.state = v })},
	{name: "FAIRLEAD_TOKEN_FILE", read: text(func(s *settings, v string) { s.tokenFile = v })},
	{name: "FAIRLEAD_CA_FILE", read: text(func(s *settings, v string) { s.caFile = v })},
	{name: "FAIRLEAD_TRACE", read: oneOf(func(s *settings, v string) { s.trace = v }, "pass", "begin", offWord)},
	{name: "FAIRLEAD_TELEMETRY", read: switched(func(s *settings, on bool) { s.telemetry = on })},
	{name: "FAIRLEAD_DRAIN", read: duration(func(s *settings, d time.Duration) { s.drain = d })},
	{name: "FAIRLEAD_WARMUP", read: duration(func(s *settings, d time.Duration) { s.warmup = d })},
	{name: "FAIRLEAD_PODINFO", read: text(func(*settings, string) {})},
	{name: "FAIRLEAD_DISABLE", read: readDisable},
	{name: "FAIRLEAD_LANGUAGE", foreign: []string{"aliyun.com/app-language"}, read: text(func(s *settings, v string) { s.language = v })},
}

func invalid(g given, reason string) error {
	return &invalidSetting{g[0].name, g[0].value, reason}
}

func switched(set func(*settings, bool)) func(*settings, given) error {
	return func(s *settings, g given) error {
		on, known := onOrOff(g[0].value)
		if !known {
			return invalid(g, "expected on or off")
		}
		set(s, on)
		return nil
	}
}

func onOrOff(value string) (on, known bool) {
	switch strings.ToLower(value) {
	case "1", onWord, "true", "yes":
		return true, true
	case "0", offWord, "false", "no":
		return false, true
	}
	return false, false
}

func text(set func(*settings, string)) func(*settings, given) error {
	return func(s *settings, g given) error {
		if !printable(g[0].value) {
			return invalid(g, "holds characters that cannot be printed")
		}
		set(s, g[0].value)
		return nil
	}
}

func printable(value string) bool {
	return strings.IndexFunc(value, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
}

func oneOf(set func(*settings, string), words ...string) func(*settings, given) error {
	return func(s *settings, g given) error {
		for _, word := range words {
			if g[0].value == word {
				set(s, word)
				return nil
			}
		}
		last := len(words) - 1
		return invalid(g, "expected "+strings.Join(words[:last], ", ")+" or "+words[last])
	}
}

func duration(set func(*settings, time.Duration)) func(*settings, given) error {
	units := map[string]float64{"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600}
	return func(s *settings, g given) error {
		if match := secondsForm.FindStringSubmatch(g[0].value); match != nil {
			number, err := strconv.ParseFloat(match[1], 64)
			if seconds := number * units[match[2]]; err == nil && seconds <= longestDuration {
				set(s, time.Duration(seconds*float64(time.Second)))
				return nil
			}
		}
		return invalid(g, fmt.Sprintf("expected a time like 30s or 2m, at most %.0fs", longestDuration))
	}
}

func readControl(s *settings, g given) error {
	scheme, rest, _ := strings.Cut(g[0].value, "://")
	host := strings.TrimRight(rest, "/")
	if !withPort.MatchString(host) {
		host += ":8580"
	}
	if scheme != "http" && scheme != "https" || !isAddress(host) {
		return invalid(g, "expected http://HOST[:PORT] or https://HOST[:PORT]")
	}
	s.control, s.watched = scheme+"://"+host, true
	return nil
}

func isAddress(value string) bool {
	match := addressForm.FindStringSubmatch(value)
	if match == nil {
		return false
	}
	port, _ := strconv.Atoi(match[1])
	return port > 0 && port < 65536
}

func readApp(s *settings, g given) error {
	if !nameForm.MatchString(g[0].value) {
		return invalid(g, "a name has letters, digits, '-', '_' and '.', at most 63 of them")
	}
	s.app = g[0].value
	return nil
}

func readNamespace(s *settings, g given) error {
	if !namespaceForm.MatchString(g[0].value) {
		return invalid(g, "a namespace has small letters, digits and '-', at most 63 of them")
	}
	s.namespace = g[0].value
	return nil
}

func readLane(s *settings, g given) error {
	lane, known := laneName(g[0].value)
	if !known {
		return invalid(g, "a lane has letters, digits, '-', '_' and '.', at most 63 of them")
	}
	s.lane = &lane
	return nil
}

func readZone(s *settings, g given) error {
	parts := strings.Split(g[0].value, "/")
	for _, part := range parts {
		if len(parts) > 3 || !nameForm.MatchString(part) {
			return invalid(g, "a place is zone, region/zone or region/zone/subzone, each a name")
		}
	}
	s.zone = g[0].value
	return nil
}

func readAddress(s *settings, g given) error {
	if !isAddress(g[0].value) {
		return invalid(g, "expected HOST:PORT, an IPv6 host in brackets")
	}
	s.address = g[0].value
	return nil
}

func readSource(s *settings, g given) error {
	value := g[0].value
	switch {
	case value == watchWord, strings.HasPrefix(value, filePart) && len(value) > len(filePart):
		s.source = value
		return nil
	case strings.HasPrefix(value, "xds://"):
		return invalid(g, "xds:// is not available yet; use watch or file:PATH")
	}
	return invalid(g, "expected watch or file:PATH")
}

func readShadow(s *settings, g given) error {
	if on, known := onOrOff(g[0].value); known {
		s.shadow = map[bool]string{true: onWord, false: offWord}[on]
		return nil
	}
	tables := strings.Split(g[0].value, ",")
	for i := range tables {
		if tables[i] = strings.TrimSpace(tables[i]); tables[i] == "" || !printable(tables[i]) {
			return invalid(g, "expected on, off or table names with commas between")
		}
	}
	s.shadow = strings.Join(tables, ",")
	return nil
}

func readDisable(s *settings, g given) error {
	if !printable(g[0].value) {
		return invalid(g, "holds characters that cannot be printed")
	}
	s.disable = listed(g[0].value)
	return nil
}

func readFunctions(s *settings, g given) error {
	if !printable(g[0].value) {
		return invalid(g, "holds characters that cannot be printed")
	}
	s.functions = listed(g[0].value)
	return nil
}

func listed(value string) []string {
	var items []string
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func readLabels(s *settings, g given) error {
	seen := map[[2]string]bool{}
	for _, one := range g {
		for _, item := range listed(one.value) {
			label := [2]string{tagKey, item}
			// Only our own list has keys: elsewhere the text is the tag, whatever it looks like.
			if key, value, keyed := strings.Cut(item, "="); keyed && one.name == "FAIRLEAD_LABELS" {
				label = [2]string{strings.TrimSpace(key), strings.TrimSpace(value)}
			}
			if !labelKeyForm.MatchString(label[0]) || !labelForm.MatchString(label[1]) {
				return &invalidSetting{one.name, one.value, "'" + item + "' is not the syntax of a label"}
			}
			if !seen[label] {
				seen[label] = true
				s.labels = append(s.labels, label)
			}
		}
	}
	return nil
}
