package fairlead

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// `fairlead doctor` is answered over a Unix socket that only this user can open (contract 21): whoever
// connects is sent one object of JSON, and the connection is closed (fairlead.agent.inspect).

const (
	longestSocket = 107 // bytes of its path; unix(7)
	answerWithin  = 2 * time.Second
)

// inspector is where this process answers.
var inspector struct {
	path       string
	descriptor int // of a socket that is none of the application's
}

func init() { inspector.descriptor = -1 }

// doctorSocket listens; where no place can be found for the socket it is nil, and nobody can ask.
func doctorSocket() *net.UnixListener {
	defer func() {
		if err := recover(); err != nil {
			fault("doctor", err)
		}
	}()
	for _, folder := range []func() (string, error){ownFolder, temporaryFolder} {
		place, err := folder()
		if err != nil {
			continue
		}
		path := filepath.Join(place, fmt.Sprint(os.Getpid(), ".sock"))
		if len(path) > longestSocket {
			continue
		}
		os.Remove(path) // of a process that had this number before
		listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil || os.Chmod(path, 0o600) != nil {
			continue
		}
		inspector.path = path
		if raw, err := listener.SyscallConn(); err == nil {
			raw.Control(func(descriptor uintptr) { inspector.descriptor = int(descriptor) })
		}
		return listener
	}
	return nil
}

func ownFolder() (string, error) {
	if set.state == "" {
		return "", os.ErrNotExist
	}
	return set.state, os.MkdirAll(set.state, 0o700)
}

// temporaryFolder is this user's alone: whoever owns it could read what is in it.
func temporaryFolder() (string, error) {
	folder := filepath.Join(os.TempDir(), fmt.Sprint("fairlead-", os.Geteuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	info, err := os.Lstat(folder)
	if err != nil || !info.IsDir() {
		return "", os.ErrPermission
	}
	return folder, ownedAlone(info)
}

func answerDoctor(listener *net.UnixListener) {
	for listener != nil {
		peer, err := listener.AcceptUnix()
		if err != nil {
			return
		}
		if trusted(peer) {
			peer.SetDeadline(time.Now().Add(answerWithin))
			peer.Write(described())
		}
		peer.Close()
	}
}

// described is what doctor shows of this process, ages instead of times (fairlead.agent.describe).
func described() (answer []byte) {
	defer func() {
		if err := recover(); err != nil {
			silent := fmt.Sprint("its agent cannot describe itself: ", err)
			answer, _ = json.Marshal(map[string]any{"pid": os.Getpid(), "state": "silent", "silent": silent})
		}
	}()
	answer, err := json.Marshal(description())
	if err != nil {
		panic(err)
	}
	return answer
}

type plainObject = map[string]any

func description() plainObject {
	snapshot := ready().snapshot // who asks a program that has just started waits as its first request does
	tables, databases := unfit()
	fault := ""
	if last := lastFault.Load(); last != nil {
		fault = *last
	}
	lanes := plainObject{"tables": shadowLanes(snapshot.ShadowTables, func(one shadowTable) string { return one.Lane }),
		"databases": shadowLanes(snapshot.ShadowDatabases, func(one shadowDatabase) string { return one.Lane })}
	found := plainObject{
		"pid": os.Getpid(), "namespace": set.namespace, "app": set.app, "lane": current().lanes.own,
		"lane_set": set.lane, "labels": append([][2]string{}, set.labels...), "zone": set.zone,
		"language": set.language, "python": runtime.Version(), "version": agentVersion,
		"hooks": hooksTold(), "counters": readCounters(), "fault": fault,
		"shadows":   plainObject{"setting": set.shadow, "unfit": plainObject{"tables": tables, "databases": databases}, "lanes": lanes},
		"unmatched": unmatched(),
		"standing":  standingTold(), "address": plainObject{"chosen": "", "reason": "", "others": []string{}},
		"gates":   plainObject{"interpreted": "", "shared": nil}, // each process counts for itself
		"refusal": "", "snapshot": plainObject{}, "state": plainObject{"path": "", "problem": ""},
		"control": plainObject{"source": set.source, "url": set.control, "connected": false, "problem": ""},
	}
	if following != nil {
		following.describe(found)
	}
	if t := tenant.Load(); t != nil {
		chosen := t.chosen()
		found["node"] = t.whose.node
		found["address"] = plainObject{"chosen": chosen.address, "reason": chosen.reason, "others": append([]string{}, chosen.others...)}
		found["telemetry"] = t.posting.describe()
	}
	found["snapshot"] = inForceTold(found["snapshot"].(plainObject), snapshot)
	return found
}

func shadowLanes[T any](rules []T, lane func(T) string) []string {
	found, seen := []string{}, map[string]bool{}
	for _, one := range rules {
		if name := lane(one); !seen[name] {
			seen[name] = true
			found = append(found, name)
		}
	}
	return found
}

func inForceTold(said plainObject, s *snapshot) plainObject {
	lanes := []string{}
	for _, one := range s.Lanes {
		lanes = append(lanes, one.Name)
	}
	if s.Digest == "" {
		said["origin"] = "none"
	}
	said["digest"], said["revision"], said["governance"] = s.Digest, s.Revision, s.Governance
	said["entry"], said["lanes"], said["services"] = s.Entry != nil, lanes, len(s.Services)
	return said
}

func standingTold() plainObject {
	found := plainObject{"registered": false, "propagation_only": told.labelOnly, "why": "the first program of its line",
		"servers": []string{}, "lane": "", "conflict": nil, "renewed_ago": nil, "problem": ""}
	switch {
	case set.app == "":
		found["why"] = "FAIRLEAD_APP is not set: labels are passed on, and no more"
	case told.labelOnly:
		found["why"] = "a program that another one has started passes labels on"
	}
	if t := tenant.Load(); t != nil {
		t.lock.Lock()
		defer t.lock.Unlock()
		found["registered"], found["problem"] = t.leased != "", t.problem
		found["conflict"], found["lane"] = t.lease.Conflict, t.lease.Lane
		if !t.renewed.IsZero() {
			found["renewed_ago"] = time.Since(t.renewed).Seconds()
		}
	}
	return found
}

func (f *follower) describe(found plainObject) {
	f.lock.Lock()
	defer f.lock.Unlock()
	control, said := found["control"].(plainObject), found["snapshot"].(plainObject)
	control["connected"], said["origin"] = f.watch == nil && f.arrived, f.origin
	if f.watch != nil {
		f.watch.lock.Lock()
		control["connected"], control["problem"] = f.watch.connected, f.watch.problem
		f.watch.lock.Unlock()
		said["origin"] = originOf(f.origin, f.watch.session.live.Load(), control["connected"] == true)
		if refusal := f.watch.session.refusal.Load(); refusal != nil {
			found["refusal"] = *refusal
		}
	}
	said["saved_ago"], said["applied_ago"] = nil, nil
	if !f.applied.IsZero() {
		said["applied_ago"] = time.Since(f.applied).Seconds()
	}
	if f.origin == lastKnownGood && !f.saved.IsZero() {
		said["saved_ago"] = max(0, time.Since(f.saved).Seconds())
	}
	found["state"] = plainObject{"path": f.kept.path, "problem": f.problem}
}

func originOf(origin string, live, connected bool) string {
	switch {
	case live && connected:
		return "live"
	case live:
		return "memory"
	}
	return origin
}

func (p *posting) describe() plainObject {
	p.lock.Lock()
	defer p.lock.Unlock()
	var arrived any
	if !p.arrivedAt.IsZero() {
		arrived = time.Since(p.arrivedAt).Seconds()
	}
	return plainObject{"told": set.telemetry, "every": p.told().every.Seconds(), "reports": p.seq, "arrived_ago": arrived,
		"lost": 0, "problem": "", "interfaces": len(metersKnown.all()), "edges": len(edgesKnown.all()),
		"dropped": 0, "shed": "", "access_log": "", "metrics": nil}
}
