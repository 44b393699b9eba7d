package fairlead

import (
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// What the container of a process may use, and what it uses: control groups of both versions
// (fairlead.agent.cgroup). A process may be in a group below that of its container, whose limits hold
// all the same: of the groups on the way up the tightest counts.

const (
	cgroupRoot = "/sys/fs/cgroup"
	cgroupProc = "/proc/self/cgroup"

	noMemoryLimit = int64(1) << 60 // bytes from which on a limit of version 1 is none
	mostCgroups   = 64             // lines that are looked at
)

type container struct {
	ofCPU, ofMemory []string
	usage           string  // file that says what was used
	quota           float64 // cores, 0 without a limit
	memoryLimit     int64   // bytes, 0 without a limit
	using           string  // group whose memory is limited
	last            [2]float64
	known           bool
}

func newContainer(root, proc string) *container {
	c := &container{ofCPU: groupsOf(root, proc, "cpu"), ofMemory: groupsOf(root, proc, "memory")}
	c.look()
	return c
}

func fileText(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// look reads the limits, which may change while the container runs.
func (c *container) look() {
	c.quota = 0
	usage := ""
	for _, group := range c.ofCPU {
		if quota := quotaOf(group); quota > 0 && (c.quota == 0 || quota < c.quota) {
			c.quota, usage = quota, usageOf(group)
		}
	}
	if usage != c.usage {
		c.usage, c.known = usage, false
	}
	c.memoryLimit, c.using = 0, ""
	for _, group := range c.ofMemory {
		if most := memoryLimitOf(group); most > 0 && (c.memoryLimit == 0 || most < c.memoryLimit) {
			c.memoryLimit, c.using = most, group
		}
	}
}

// cores returns the cores that the process may use: its container's quota, or its own number.
func (c *container) cores(own float64) float64 {
	own = min(own, float64(runtime.NumCPU()))
	if c.quota > 0 {
		return min(own, c.quota)
	}
	return own
}

// busy returns the share of its quota that the container has used since the last time; 0 without one:
// what else is in the group then is nobody's.
func (c *container) busy(now float64) float64 {
	if c.quota == 0 {
		return 0
	}
	used, ok := usedOf(c.usage)
	before, known := c.last, c.known
	c.last, c.known = [2]float64{now, used}, ok
	if !ok || !known || now <= before[0] {
		return 0
	}
	return max(0, used-before[1]) / (now - before[0]) / c.quota
}

// memory returns the bytes that the container uses and cannot give back, 0 where nobody says.
func (c *container) memory() int64 {
	if c.using == "" {
		return 0
	}
	for _, name := range [2]string{"memory.current", "memory.usage_in_bytes"} {
		if bytes, ok := countIn(fileText(c.using + "/" + name)); ok {
			return max(0, bytes-cachedOf(c.using))
		}
	}
	return 0
}

// cachedOf returns the bytes of files that the kernel drops before it kills anybody.
func cachedOf(group string) int64 {
	for _, line := range strings.Split(fileText(group+"/memory.stat"), "\n") {
		name, value, _ := strings.Cut(line, " ")
		if name == "inactive_file" || name == "total_inactive_file" {
			if bytes, ok := countIn(value); ok {
				return bytes
			}
		}
	}
	return 0
}

func countIn(text string) (int64, bool) {
	if !isDigits(text, 19) {
		return 0, false
	}
	number, err := strconv.ParseInt(text, 10, 64)
	return number, err == nil
}

func quotaOf(group string) float64 {
	words := strings.Fields(fileText(group + "/cpu.max"))
	if len(words) == 0 {
		words = []string{fileText(group + "/cpu.cfs_quota_us"), fileText(group + "/cpu.cfs_period_us")}
	}
	if len(words) != 2 {
		return 0
	}
	quota, limited := countIn(words[0]) // max, -1, or nothing
	period, ok := countIn(words[1])
	if !limited || !ok || period == 0 {
		return 0
	}
	return float64(quota) / float64(period)
}

func memoryLimitOf(group string) int64 {
	for _, name := range [2]string{"memory.max", "memory.limit_in_bytes"} {
		if bytes, ok := countIn(fileText(group + "/" + name)); ok && bytes < noMemoryLimit {
			return bytes
		}
	}
	return 0
}

func usageOf(group string) string {
	if strings.HasPrefix(fileText(group+"/cpu.stat"), "usage_usec") {
		return group + "/cpu.stat"
	}
	return beside(group) + "/cpuacct.usage"
}

// usedOf returns the seconds of a core that the container has used.
func usedOf(usage string) (float64, bool) {
	words := strings.Fields(fileText(usage))
	if len(words) > 1 && words[0] == "usage_usec" {
		used, ok := countIn(words[1])
		return float64(used) / 1e6, ok
	}
	if len(words) == 0 {
		return 0, false
	}
	used, ok := countIn(words[0])
	return float64(used) / 1e9, ok
}

// groupsOf returns the directories of a controller's groups that hold this process, its own first. In
// a namespace of control groups, as in most containers, the path is what is outside of it.
func groupsOf(root, proc, controller string) (found []string) {
	lines := strings.Split(fileText(proc), "\n")
	for _, line := range lines[:min(len(lines), mostCgroups)] {
		mount, within, ok := cgroupOf(root, line, controller)
		if !ok {
			continue
		}
		here := path.Join(mount, within)
		if !isFolder(here) {
			here = mount
		}
		found = append(found, here)
		for here != mount {
			here = path.Dir(here)
			found = append(found, here)
		}
	}
	return found
}

func cgroupOf(root, line, controller string) (mount, within string, ok bool) {
	_, rest, _ := strings.Cut(line, ":")
	controllers, within, found := strings.Cut(rest, ":")
	if !found {
		return "", "", false
	}
	if isOneOf(strings.Split(within, "/"), "..") {
		within = "/" // of a group outside of what can be seen here
	}
	if controllers == "" {
		if unified := root + "/unified"; isFolder(unified) {
			return unified, within, true
		}
		return root, within, true
	}
	if !isOneOf(strings.Split(controllers, ","), controller) {
		return "", "", false
	}
	for _, name := range [2]string{controllers, controller} {
		if isFolder(root + "/" + name) {
			return root + "/" + name, within, true
		}
	}
	return "", "", false
}

// beside returns where version 1 accounts for what a group of the controller cpu uses.
func beside(group string) string {
	for _, mount := range [2]string{"/cpu/", "/cpu,cpuacct/"} {
		before, rest, found := strings.Cut(group+"/", mount)
		other := strings.TrimRight(before+"/cpuacct/"+rest, "/")
		if _, err := os.Stat(group + "/cpuacct.usage"); found && err != nil && isFolder(other) {
			return other
		}
	}
	return group
}

func isFolder(name string) bool {
	found, err := os.Stat(name)
	return err == nil && found.IsDir()
}
