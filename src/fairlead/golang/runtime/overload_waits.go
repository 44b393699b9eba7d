package fairlead

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// mostThreads are looked at one by one.
const mostThreads = 256

// ownTasks is where the kernel tells of a process's threads.
const ownTasks = "/proc/self/task"

// waits is how long the threads of a process have waited for a core: on a host that others use up a
// process is busy that gets little (proc_pid_schedstat(5)).
type waits struct {
	folder string
	last   map[string]time.Duration // by thread
}

// since returns the time that threads have waited since the last time it was asked, 0 where the kernel
// does not say.
func (w *waits) since() (found time.Duration) {
	folder, err := os.Open(w.folder)
	if err != nil {
		return 0
	}
	names, err := folder.Readdirnames(mostThreads)
	folder.Close()
	if err != nil {
		return 0
	}
	now := make(map[string]time.Duration, len(names))
	for _, name := range names {
		waited, ok := waitedOf(w.folder + "/" + name + "/schedstat")
		if !ok {
			continue
		}
		now[name] = waited
		if w.last != nil {
			found += max(0, waited-w.last[name])
		}
	}
	w.last = now
	return found
}

func waitedOf(path string) (time.Duration, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	words := bytes.Fields(text)
	if len(words) < 2 {
		return 0, false
	}
	waited, err := strconv.ParseInt(string(words[1]), 10, 64)
	return time.Duration(waited), err == nil
}
