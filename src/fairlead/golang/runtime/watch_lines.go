package fairlead

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"
)

// The agent wire, version 1 (fairlead.protocols.watch.codec). Downwards come lines, each an object of
// JSON: a snapshot, a heartbeat, or how much to measure.

const (
	wireVersion  = 1
	lineLimit    = 64 << 20 // bytes of the longest line that is read
	wireRoot     = "/fairlead/v1"
	mostRows     = 2048
	mostTapped   = 64
	fastestEvery = 0.5
	longestEvery = 3600.0
)

// longLine stands for a line that was too long to keep.
var longLine = []byte{0}

// nextLine returns the next line without its end, longLine for one that is longer than limit. An
// empty line is no line; neither is a last one that was cut off.
func nextLine(from *bufio.Reader, limit int) ([]byte, error) {
	var held []byte
	for size := 0; ; {
		piece, err := from.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if size += len(piece); size <= limit+1 {
			held = append(held, piece...)
		} else {
			held = nil // it is not kept while it arrives
		}
		if err != nil {
			continue
		}
		switch size {
		case 1:
			held, size = held[:0], 0
			continue
		default:
			if size > limit+1 {
				return longLine, nil
			}
			return held[:size-1], nil
		}
	}
}

// telemetry is how much is to be measured, and how often told of.
type telemetry struct {
	every      time.Duration
	interfaces int
	sampling   float64
	tap        int
}

func usualTelemetry() telemetry {
	return telemetry{every: 10 * time.Second, interfaces: 256, sampling: 1}
}

// wireLine is what a line may say.
type wireLine struct {
	Wire       any             `json:"wire"`
	Type       string          `json:"type"`
	Snapshot   json.RawMessage `json:"snapshot"`
	Revision   json.Number     `json:"revision"`
	Every      *float64        `json:"every"`
	Interfaces *float64        `json:"interfaces"`
	Sampling   *float64        `json:"sampling"`
	Tap        *float64        `json:"tap"`
}

func decodeLine(text []byte) (*wireLine, error) {
	line := &wireLine{}
	if err := json.Unmarshal(text, line); err != nil {
		return nil, fmt.Errorf("a line that is not followed: %w", err)
	}
	if line.Wire != float64(wireVersion) {
		return nil, fmt.Errorf("wire %v is not spoken here, only %d", line.Wire, wireVersion)
	}
	return line, nil
}

func (l *wireLine) telemetry() (telemetry, error) {
	t := usualTelemetry()
	if l.Every != nil {
		t.every = seconds(math.Min(math.Max(*l.Every, fastestEvery), longestEvery))
	}
	if l.Interfaces != nil {
		t.interfaces = int(math.Min(math.Max(*l.Interfaces, 1), mostRows))
	}
	if l.Sampling != nil {
		if *l.Sampling < 0 || *l.Sampling > 1 {
			return t, fmt.Errorf("it does not say how much to measure: %v is no share from 0 to 1", *l.Sampling)
		}
		t.sampling = *l.Sampling
	}
	if l.Tap != nil {
		t.tap = int(math.Min(math.Max(*l.Tap, 0), mostTapped))
	}
	return t, nil
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

// snapshotName returns digest and revision as far as a snapshot has any: an answer must name what it
// answers.
func snapshotName(plain []byte) (digest string, revision int64) {
	var named struct {
		Digest   any         `json:"digest"`
		Revision json.Number `json:"revision"`
	}
	if json.Unmarshal(plain, &named) != nil {
		return "", 0
	}
	digest, _ = named.Digest.(string)
	revision, _ = named.Revision.Int64()
	return digest, revision
}

// subscription is whose snapshots are asked for.
type subscription struct {
	node string
	of   *settings
}

// watchPath is the path to watch; digest and revision are of what is not to be sent again.
func (s *subscription) watchPath(digest string, revision int64) string {
	query := s.query()
	if s.of.lane != nil {
		query.Set("lane", *s.of.lane)
	}
	for _, label := range s.of.labels {
		query.Add("label", label[0]+"="+label[1])
	}
	if s.of.zone != "" {
		query.Set("zone", s.of.zone)
	}
	if digest != "" {
		query.Set("digest", digest)
		query.Set("revision", strconv.FormatInt(revision, 10))
	}
	return wireRoot + "/watch?" + query.Encode()
}

func (s *subscription) query() url.Values {
	return url.Values{"namespace": {s.of.namespace}, "app": {s.of.app}, "node": {s.node}}
}

// reply is what became of an offered snapshot; with an error the previous one stays in force.
type reply struct {
	Node     string   `json:"node"`
	Digest   string   `json:"digest"`
	Revision int64    `json:"revision"`
	Error    *string  `json:"error"`
	Refused  []string `json:"refused"`
}

// statusText returns the message of a Kubernetes Status object, or the start of what came instead.
func statusText(body []byte) string {
	var status struct {
		Message *string `json:"message"`
	}
	if json.Unmarshal(body, &status) == nil && status.Message != nil {
		return *status.Message
	}
	return string(body[:min(len(body), 200)])
}
