package fairlead

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
)

// snapshot is what fairlead.policy.snapshot.Snapshot is, as it comes by the wire. Flow and Overload
// are read by the files that enforce them.
type snapshot struct {
	Digest          string           `json:"digest"`
	Revision        int64            `json:"revision"`
	Workload        workload         `json:"workload"`
	Governance      string           `json:"governance"`
	Lanes           []laneRule       `json:"lanes"`
	Entry           *entryRule       `json:"entry"`
	Services        []serviceRule    `json:"services"`
	ShadowTables    []shadowTable    `json:"shadow_tables"`
	ShadowDatabases []shadowDatabase `json:"shadow_databases"`
	Flow            json.RawMessage  `json:"-"`
	Overload        json.RawMessage  `json:"-"`
	Calls           *callRules       `json:"calls"`

	// FlowPart and OverloadPart are the same, read but for their shape.
	FlowPart     any `json:"flow"`
	OverloadPart any `json:"overload"`

	flow     flowRules     // what FlowPart says
	overload *overloadRule // what OverloadPart says
}

// Governance of a namespace (fairlead.policy.governance).
const (
	governanceOff     = "off"
	governanceObserve = "observe"
	governanceOn      = "on"
)

func (s *snapshot) usual() { s.Governance, s.Workload.Namespace = governanceOn, "default" }

type workload struct {
	Namespace string      `json:"namespace"`
	App       string      `json:"app"`
	Lane      string      `json:"lane"`
	Labels    [][2]string `json:"labels"`
	Zone      string      `json:"zone"`
}

func (w *workload) usual() { w.Namespace = "default" }

// laneRule is a lane that exists in the namespace, and the baggage key its label is written under.
type laneRule struct {
	Name string `json:"name,required"`
	Key  string `json:"key"`
}

func (l *laneRule) usual() { l.Key = defaultLaneKey }

// entryRule makes an app an entry: its colourings in order of precedence.
type entryRule struct {
	Colourings []colouringRule `json:"colourings"`
}

type colouringRule struct {
	Rule       string          `json:"rule,required"`
	Lane       string          `json:"lane,required"`
	Conditions []conditionRule `json:"conditions"`
}

// conditionRule is one test of a request (fairlead.policy.match.Condition).
type conditionRule struct {
	Source   string   `json:"source,required"`
	Key      string   `json:"key"`
	Operator string   `json:"operator,required"`
	Values   []string `json:"values"`
	Salt     string   `json:"salt"`
}

// serviceRule is an app that can be called by name, with its live endpoints in address order.
type serviceRule struct {
	Namespace     string         `json:"namespace,required"`
	App           string         `json:"app,required"`
	Endpoints     []endpointRule `json:"endpoints"`
	TableLanes    []string       `json:"shadow_table_lanes"`
	DatabaseLanes []string       `json:"shadow_database_lanes"`
	Host          *string        `json:"host"`
}

type endpointRule struct {
	Address        string   `json:"address,required"`
	Lane           string   `json:"lane"`
	Zone           string   `json:"zone"`
	UnfitTables    *string  `json:"unfit_for_shadow_tables"`
	UnfitDatabases *string  `json:"unfit_for_shadow_databases"`
	Warmup         *float64 `json:"warmup"`
	Protocol       *string  `json:"protocol"`
}

// shadowTable says: on its lane, what a statement says of a table is about its shadow beside it.
type shadowTable struct {
	Rule     string `json:"rule,required"`
	Lane     string `json:"lane,required"`
	Database string `json:"database,required"`
	Table    string `json:"table,required"`
	Shadow   string `json:"shadow,required"`
}

// databaseName is a database as a connection names it. What is empty is as the connection has it.
type databaseName struct {
	Name     string `json:"name,required"`
	Host     string `json:"host"`
	Port     int64  `json:"port"`
	User     string `json:"user"`
	Password string `json:"password"` // env:NAME or file:PATH
}

// shadowDatabase says: on its lane, a connection to Source is made to Shadow.
type shadowDatabase struct {
	Rule   string       `json:"rule,required"`
	Lane   string       `json:"lane,required"`
	Source databaseName `json:"source,required"`
	Shadow databaseName `json:"shadow,required"`
}

// readSnapshot returns the snapshot in plain and what was refused in it, each with its path.
//
// What is unknown to this version refuses that part only; a known part of the wrong shape, or parts
// that disagree, refuse the whole (fairlead.policy.encode.read_snapshot).
func readSnapshot(plain []byte) (*snapshot, []string, error) {
	value, err := parseJSON(plain)
	if err != nil {
		return nil, nil, err
	}
	object, ok := value.(*jsonObject)
	if !ok {
		return nil, nil, jsonExpected("dict", value, "")
	}
	if told, _ := object.values["digest"].(string); told != digestOf(object) {
		return nil, nil, errors.New("digest: does not name the content")
	}
	s, reading := &snapshot{}, &jsonReading{}
	if err := reading.readJSON(object, s, ""); err != nil {
		return nil, nil, err
	}
	s.Flow, s.Overload = rawPart(s.FlowPart), rawPart(s.OverloadPart)
	s.keepSound(reading)
	if err := s.check(reading); err != nil {
		return nil, nil, err
	}
	return s, reading.refused, nil
}

func rawPart(part any) json.RawMessage {
	if part == nil {
		return nil
	}
	return canonicalJSON(nil, part)
}

// digestOf names the content of a plain snapshot: equal content, equal digest.
func digestOf(plain *jsonObject) string {
	content := &jsonObject{values: plain.values}
	for _, key := range plain.keys {
		if key != "digest" && key != "revision" {
			content.keys = append(content.keys, key)
		}
	}
	sum := sha256.Sum256(canonicalJSON(nil, content))
	return hex.EncodeToString(sum[:])[:32]
}

// keepSound takes away what cannot be enforced, and refuses it: one rule that cannot keeps no other
// from being so.
func (s *snapshot) keepSound(r *jsonReading) {
	if s.Entry != nil {
		var kept []colouringRule
		for _, one := range s.Entry.Colourings {
			if _, err := compileConditions(one.Conditions); err != nil {
				r.refuse("entry: " + one.Rule + ": " + err.Error())
				continue
			}
			kept = append(kept, one)
		}
		s.Entry.Colourings = kept
	}
	if s.Calls != nil {
		s.Calls.keepSound(r)
	}
}

// check returns an error unless the parts agree with each other.
func (s *snapshot) check(r *jsonReading) error {
	switch s.Governance {
	case governanceOff, governanceObserve, governanceOn:
	default:
		return fmt.Errorf("governance: %q is none of off, observe, on", s.Governance)
	}
	names := map[string]bool{}
	for _, lane := range s.Lanes {
		if names[lane.Name] {
			return errors.New("lanes: a lane is declared twice")
		}
		names[lane.Name] = true
	}
	for i := range s.Services {
		if err := s.Services[i].check(); err != nil {
			return err
		}
	}
	if s.Entry != nil {
		for _, one := range s.Entry.Colourings {
			if !names[one.Lane] {
				return fmt.Errorf("entry: %s colours with the undeclared lane %q", one.Rule, one.Lane)
			}
		}
	}
	if err := s.checkShadows(); err != nil {
		return err
	}
	if s.Calls != nil {
		if err := s.Calls.check(); err != nil {
			return err
		}
	}
	return checkFlow(s, r)
}

func (s *serviceRule) check() error {
	seen := map[string]bool{}
	for _, one := range s.Endpoints {
		if one.Warmup != nil && !(*one.Warmup > 0 && *one.Warmup < math.Inf(1)) {
			return fmt.Errorf("services.%s: a warm-up takes no such time", s.App)
		}
		if seen[one.Address] {
			return fmt.Errorf("services.%s: an address is listed twice", s.App)
		}
		seen[one.Address] = true
	}
	return nil
}

// checkShadows refuses what would lead a lane's writes to base, or to two places.
func (s *snapshot) checkShadows() error {
	tables, databases := map[[3]string]bool{}, map[[2]any]bool{}
	for _, one := range s.ShadowTables {
		key := [3]string{one.Lane, one.Database, one.Table}
		switch {
		case one.Lane == "":
			return errors.New("shadows: base has none, and one names no lane")
		case one.Shadow == one.Table:
			return errors.New("shadow_tables: a table is its own shadow")
		case tables[key]:
			return errors.New("shadow_tables: a table has two shadows on one lane")
		}
		tables[key] = true
	}
	for _, one := range s.ShadowDatabases {
		key := [2]any{one.Lane, one.Source}
		switch {
		case one.Lane == "":
			return errors.New("shadows: base has none, and one names no lane")
		case one.Shadow == one.Source:
			return errors.New("shadow_databases: a database is its own shadow")
		case databases[key]:
			return errors.New("shadow_databases: a database has two shadows on one lane")
		}
		databases[key] = true
	}
	return nil
}

// A Kubernetes label value, because that is where lanes are written down.
var laneAlphabet = regexp.MustCompile(`\A[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\z`)

// laneName returns the canonical name of a lane, "" for base; false where text can name no lane.
func laneName(text string) (string, bool) {
	switch text {
	case "", "base", "_base":
		return "", true
	}
	if len(text) > 63 || !laneAlphabet.MatchString(text) {
		return "", false
	}
	return text, true
}
