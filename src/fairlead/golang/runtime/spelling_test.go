package fairlead

import (
	"strings"
	"testing"
)

func TestValuesThatAreProbablyMisspeltAreToldOf(t *testing.T) {
	defer func(before []string) { knownHooks = before }(knownHooks)
	knownHooks = []string{"database/sql", "github.com/gin-gonic/gin", "net/http"}
	for _, one := range []struct{ name, value, want string }{
		{"FAIRLEAD_SHADOW", "off", ""},
		{"FAIRLEAD_SHADOW", "of", "(did you mean off?): it may be on, off, or"},
		{"FAIRLEAD_SHADOW", "ture", "(did you mean true?)"},
		{"FAIRLEAD_SHADOW", "onn", "(did you mean on?)"},
		{"FAIRLEAD_SHADOW", "orders", ""},
		{"FAIRLEAD_SHADOW", "onn,orders", ""},
		{"FAIRLEAD_DISABLE", "net/http, database/sql", ""},
		{"FAIRLEAD_DISABLE", "TRUE", ""},
		{"FAIRLEAD_DISABLE", "net/htp", "names 'net/htp', which switches nothing off in Go programs (did you mean net/http?)"},
		{"FAIRLEAD_DISABLE", "gin", "(did you mean github.com/gin-gonic/gin?)"},
		{"FAIRLEAD_DISABLE", "flask", "names 'flask', which switches nothing off in Go programs: it may be 1, or name database/sql, "},
		{"FAIRLEAD_ACCESS_LOG", "stderr", "FAIRLEAD_ACCESS_LOG is not supported in Go programs: no access log is written"},
		{"FAIRLEAD_METRICS", "9100", "FAIRLEAD_METRICS is not supported"},
		{"FAIRLEAD_CONTRACTS", "off", ""},
		{"FAIRLEAD_STATEMENTS", "on", "FAIRLEAD_STATEMENTS is not supported"},
		{"FAIRLEAD_PURE", "1", ""},
	} {
		found := doubtfulValues(environment(one.name, one.value))
		if said := strings.Join(found, "|"); one.want == "" && said != "" || !strings.Contains(said, one.want) {
			t.Errorf("%s=%s: %q", one.name, one.value, found)
		}
	}
}

func TestEverySettingThatIsWrongIsNamed(t *testing.T) {
	_, err := readSettings(environment("FAIRLEAD_TRUST", "all", "FAIRLEAD_APP", "a b", "FAIRLEAD_DRAIN", "2h"))
	for _, name := range []string{"FAIRLEAD_APP='a b': a name has", "FAIRLEAD_TRUST='all': expected mesh or none; ", "FAIRLEAD_DRAIN="} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAProgramThatIsNamedAndNotGovernedIsToldOf(t *testing.T) {
	for _, one := range []struct {
		want string
		said []string
	}{
		{"FAIRLEAD_APP is set, and neither FAIRLEAD_CONTROL=", []string{"FAIRLEAD_APP", "shop"}},
		{"FAIRLEAD_SOURCE is set, and neither", []string{"FAIRLEAD_SOURCE", "watch"}},
		{"besides, FAIRLEAD_SOURCE='flie:/x': expected", []string{"FAIRLEAD_SOURCE", "flie:/x"}},
		{"besides, FAIRLEAD_LANE='-x': a lane", []string{"FAIRLEAD_APP", "shop", "FAIRLEAD_LANE", "-x"}},
		{"", nil},
		{"", []string{"FAIRLEAD_LANE", "gray"}},
		{"", []string{"FAIRLEAD_APP", "shop", "FAIRLEAD_ENABLED", "off"}},
		{"", []string{"FAIRLEAD_APP", "shop", "FAIRLEAD_DISABLE", "all"}},
	} {
		said := ungoverned(environment(one.said...))
		if one.want == "" && said != "" || !strings.Contains(said, one.want) {
			t.Errorf("%v: %q", one.said, said)
		}
	}
}
