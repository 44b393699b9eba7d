package fairlead

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// lastGood is the last snapshot that was in force, on disk, for a start without a control plane
// (contract 20): <state>/<namespace>/<app>/<lane>.json, mode 0600, an object with a format, the
// SHA-256 of the canonical text of its body, and the body. The Python agent reads and writes the same
// files (fairlead.agent.last_good). Where nothing can be written, nothing is.
type lastGood struct {
	path     string // "" keeps nothing
	identity any
}

const (
	lastGoodFormat = 1
	lastGoodLimit  = 128 << 20
)

// keptSnapshot is a snapshot from disk, and when it was saved.
type keptSnapshot struct {
	snapshot *snapshot
	saved    time.Time
}

func newLastGood(s *settings) *lastGood {
	kept := &lastGood{identity: identityOf(s)}
	if s.state != "" {
		lane := s.likelyLane()
		if lane == "" {
			lane = "base"
		}
		kept.path = filepath.Join(s.state, s.namespace, s.app, lane+".json")
	}
	return kept
}

func identityOf(s *settings) any {
	labels := []any{}
	for _, label := range s.labels {
		labels = append(labels, []any{label[0], label[1]})
	}
	var lane any
	if s.lane != nil {
		lane = *s.lane
	}
	return jsonOf("app", s.app, "labels", labels, "lane", lane, "namespace", s.namespace, "zone", s.zone)
}

// jsonOf returns an object of keys, which are in order, and their values.
func jsonOf(pairs ...any) *jsonObject {
	object := &jsonObject{values: map[string]any{}}
	for i := 0; i < len(pairs); i += 2 {
		key := pairs[i].(string)
		object.keys = append(object.keys, key)
		object.values[key] = pairs[i+1]
	}
	return object
}

// save replaces the file by this plain snapshot, whole or not at all.
func (l *lastGood) save(plain []byte, now time.Time) error {
	if l.path == "" {
		return nil
	}
	value, err := parseJSON(plain)
	if err != nil {
		return err
	}
	saved := strconv.FormatFloat(float64(now.UnixMilli())/1000, 'f', 3, 64)
	body := canonicalJSON(nil, jsonOf("identity", l.identity, "saved", jsonNumber(saved), "snapshot", value))
	content := fmt.Appendf(nil, `{"format":%d,"sha256":"%s","body":`, lastGoodFormat, checksum(body))
	return replaceFile(l.path, append(append(content, body...), '}'))
}

func checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// load returns what is on disk, nil where nothing is that is this instance's.
func (l *lastGood) load() (*keptSnapshot, error) {
	if l.path == "" {
		return nil, nil
	}
	content, err := readPrivate(l.path, lastGoodLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		var kept *keptSnapshot
		if kept, err = l.checked(content); err == nil {
			return kept, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", l.path, err)
}

func (l *lastGood) checked(content []byte) (*keptSnapshot, error) {
	var file struct {
		Format json.Number     `json:"format"`
		SHA256 string          `json:"sha256"`
		Body   json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	if file.Format != json.Number(strconv.Itoa(lastGoodFormat)) {
		return nil, fmt.Errorf("format %s is not read by this version", file.Format)
	}
	value, err := parseJSON(file.Body)
	if err != nil {
		return nil, err
	}
	body, ok := value.(*jsonObject)
	if !ok || checksum(canonicalJSON(nil, body)) != file.SHA256 {
		return nil, errors.New("the checksum does not match: the file was damaged or changed")
	}
	if string(canonicalJSON(nil, body.values["identity"])) != string(canonicalJSON(nil, l.identity)) {
		return nil, nil // of an instance with other labels: not ours, and nothing wrong with it
	}
	found, _, err := readSnapshot(canonicalJSON(nil, body.values["snapshot"]))
	if err != nil {
		return nil, err
	}
	text, _ := body.values["saved"].(jsonNumber)
	saved, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return nil, fmt.Errorf("saved: %w", err)
	}
	return &keptSnapshot{found, time.UnixMilli(int64(saved * 1000))}, nil
}

// readPrivate returns a file that is this user's alone.
func readPrivate(path string, limit int64) ([]byte, error) {
	file, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > limit:
		return nil, fmt.Errorf("larger than %d MiB", limit>>20)
	}
	if err := ownedAlone(info); err != nil {
		return nil, err
	}
	return readBounded(file, limit)
}

// replaceFile is atomic, and not flushed to the disk: that would delay the next snapshot, and a file
// that a power failure has damaged is told by its checksum.
func replaceFile(path string, content []byte) error {
	folder, name := filepath.Split(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	draft := filepath.Join(folder, fmt.Sprintf(".%s.%d", name, os.Getpid()))
	file, err := createPrivate(draft)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		os.Remove(draft)
	}
	return err
}
