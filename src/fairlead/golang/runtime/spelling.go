package fairlead

import (
	"sort"
	"strings"
)

// Settings that are probably misspelt: a wrong name is no error, and so nobody is told that the
// instance is not what it was meant to be (fairlead.agent.spelling).

const settingPrefix = "FAIRLEAD_"

// otherSettings are of agents in other languages, of other programs of ours, and our own marks.
const otherSettings = " PURE SHARED DEADLINE METRICS ACCESS_LOG CONTRACTS STATEMENTS ROOT DATA_DIR GOVERNANCE LISTEN XDS" +
	" XDS_PRUNE XDS_TLS XDS_CLIENT_CA XDS_CERT XDS_KEY AUTH TLS_CERT TLS_KEY PROMETHEUS PROMETHEUS_CREDENTIALS "

// doubts returns a sentence for each variable that nobody reads.
func doubts(environ []string) []string {
	known := map[string]bool{}
	for i := range variables {
		known[variables[i].name] = true
	}
	var found []string
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, settingPrefix) || value == "" || known[name] || ofKubernetes(name) {
			continue
		}
		if strings.Contains(otherSettings, " "+name[len(settingPrefix):]+" ") {
			continue
		}
		found = append(found, name+" is no setting, and nobody reads it"+meant(name, known))
	}
	sort.Strings(found)
	return found
}

// ofKubernetes tells what every pod is given beside a Service whose name begins with ours.
func ofKubernetes(name string) bool {
	return strings.Contains(name+"_", "_PORT_") || strings.HasSuffix(name, "_SERVICE_HOST")
}

func meant(name string, known map[string]bool) string {
	best, least := "", 3
	for one := range known {
		if distance := edits(name, one); distance < least || distance == least && one < best {
			best, least = one, distance
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// edits is how many letters are to be changed, added or left out to make one word of the other.
func edits(one, other string) int {
	row := make([]int, len(other)+1)
	for i := range row {
		row[i] = i
	}
	for i := 0; i < len(one) && len(one) < 100; i++ {
		before := row[0]
		row[0] = i + 1
		for j := range []byte(other) {
			kept := before
			if one[i] != other[j] {
				kept++
			}
			before = row[j+1]
			row[j+1] = min(kept, min(row[j+1], row[j])+1)
		}
	}
	return row[len(other)]
}
