package fairlead

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func environment(pairs ...string) func(string) (string, bool) {
	found := map[string]string{"FAIRLEAD_PODINFO": "/nowhere"}
	for i := 0; i < len(pairs); i += 2 {
		found[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) {
		value, there := found[name]
		return value, there
	}
}

func TestSettingsAreWhatTheEnvironmentSays(t *testing.T) {
	s, err := readSettings(environment(
		"FAIRLEAD_CONTROL", "https://plane/", "FAIRLEAD_APP", " shop ", "FAIRLEAD_LANE", "_base",
		"FAIRLEAD_LABELS", "version=v2,gray", "traffic.opensergo.io/label", "blue",
		"FAIRLEAD_DRAIN", "1.5s", "FAIRLEAD_ZONE", "eu/a", "FAIRLEAD_SHADOW", "a, b",
		"mseNamespace", "prod", "FAIRLEAD_DISABLE", "net/http, x/y", "HOME", "/h/",
	))
	if err != nil {
		t.Fatal(err)
	}
	if s.control != "https://plane:8580" || s.app != "shop" || *s.lane != "" || s.namespace != "prod" {
		t.Fatalf("%+v", s)
	}
	if len(s.labels) != 3 || s.labels[0] != [2]string{"version", "v2"} || s.labels[2] != [2]string{"tag", "blue"} {
		t.Fatal(s.labels)
	}
	if s.drain != 1500*time.Millisecond || s.shadow != "a,b" || s.state != "/h/.local/state/fairlead" {
		t.Fatalf("%+v", s)
	}
	if !s.governs() || s.killed() || len(s.disable) != 2 {
		t.Fatalf("%+v", s)
	}
}

func TestABadValueIsRefusedByName(t *testing.T) {
	for _, pair := range [][2]string{
		{"FAIRLEAD_CONTROL", "plane:8580"}, {"FAIRLEAD_CONTROL", "http://plane:0"},
		{"FAIRLEAD_APP", "a b"}, {"FAIRLEAD_NAMESPACE", "Prod"}, {"FAIRLEAD_LANE", "-x"},
		{"FAIRLEAD_LABELS", "a=b c"}, {"alicloud.service.tag", "a=b"}, {"FAIRLEAD_ZONE", "a/b/c/d"},
		{"FAIRLEAD_ADDRESS", "::1:80"}, {"FAIRLEAD_SOURCE", "xds://x"}, {"FAIRLEAD_SOURCE", "file:"},
		{"FAIRLEAD_SHADOW", "a,,b"}, {"FAIRLEAD_TRUST", "all"}, {"FAIRLEAD_TRACE", "maybe"},
		{"FAIRLEAD_DRAIN", "2h"}, {"FAIRLEAD_WARMUP", "-1"}, {"FAIRLEAD_ENABLED", "perhaps"},
	} {
		if _, err := readSettings(environment(pair[:]...)); err == nil || !strings.HasPrefix(err.Error(), pair[0]+"=") {
			t.Errorf("%v: %v", pair, err)
		}
	}
}

func TestWhatGovernsAProgram(t *testing.T) {
	for _, one := range []struct {
		governs bool
		said    []string
	}{
		{false, nil},
		{false, []string{"FAIRLEAD_APP", "shop", "FAIRLEAD_ENABLED", "1"}},
		{true, []string{"FAIRLEAD_CONTROL", "http://h:1"}},
		{true, []string{"FAIRLEAD_SOURCE", "file:/x"}},
		{false, []string{"FAIRLEAD_CONTROL", "http://h:1", "FAIRLEAD_ENABLED", "off"}},
		{false, []string{"FAIRLEAD_CONTROL", "http://h:1", "msePilotAutoEnable", "off"}},
		{true, []string{"FAIRLEAD_CONTROL", "http://h:1", "msePilotAutoEnable", "off", "FAIRLEAD_ENABLED", "on"}},
		{false, []string{"FAIRLEAD_CONTROL", "http://h:1", "FAIRLEAD_DISABLE", "1"}},
		{false, []string{"FAIRLEAD_CONTROL", "http://h:1", "FAIRLEAD_DISABLE", "net/http,ALL"}},
		{true, []string{"FAIRLEAD_CONTROL", "http://h:1", "FAIRLEAD_DISABLE", "net/http"}},
	} {
		s, err := readSettings(environment(one.said...))
		if err != nil || s.governs() != one.governs {
			t.Errorf("%v: %v %v", one.said, s.governs(), err)
		}
	}
}

func TestLabelsOfAPodAreReadAsKubernetesWritesThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labels")
	text := "msePilotCreateAppName=\"shop\"\nalicloud.service.tag=\"gr\\x61y\"\nnonsense\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := readSettings(environment("FAIRLEAD_PODINFO", path, "FAIRLEAD_NAMESPACE", "x"))
	if err != nil || s.app != "shop" || s.likelyLane() != "gray" || s.workload().Namespace != "x" {
		t.Fatalf("%+v %v", s, err)
	}
}

func TestAMisspeltNameIsToldOf(t *testing.T) {
	found := doubts([]string{
		"FAIRLEAD_NAMSPACE=x", "FAIRLEAD_APP=a", "FAIRLEAD_PURE=1", "FAIRLEAD_SOMETHING_ELSE=1", "OTHER=1",
		"FAIRLEAD_PLANE_SERVICE_HOST=10.0.0.1", "FAIRLEAD_PLANE_PORT_80_TCP=x", "FAIRLEAD_LANES=",
	})
	want := []string{
		"FAIRLEAD_NAMSPACE is no setting, and nobody reads it; did you mean FAIRLEAD_NAMESPACE?",
		"FAIRLEAD_SOMETHING_ELSE is no setting, and nobody reads it",
	}
	if strings.Join(found, "|") != strings.Join(want, "|") {
		t.Fatal(found)
	}
}
