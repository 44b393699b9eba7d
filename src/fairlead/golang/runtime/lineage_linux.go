package fairlead

import (
	"os"
	"strconv"
	"strings"
)

// rootMark is pid:start of the process that a line of descent begins with, in the environment that it
// passes on (contract 2, fairlead.agent.lineage).
const rootMark = "FAIRLEAD_ROOT"

const generations = 64

// lineage tells whether this process may register: it is the first of its line, or was handed a
// socket that an ancestor serves, as where a program replaces itself without closing its port. Any
// other descendant passes labels on.
func lineage(pid int) bool {
	own := processName(pid)
	root := os.Getenv(rootMark)
	if root == "" {
		os.Setenv(rootMark, own)
		return true
	}
	if root == own {
		return true // a program that replaces itself keeps its process, and with it its place
	}
	text, _, _ := strings.Cut(root, ":")
	first, _ := strconv.Atoi(text)
	if processName(first) != root {
		return true // the first of the line has ended, and this one goes on in its place
	}
	serving := map[uint64]bool{}
	for _, one := range listeners() {
		serving[one.inode] = true
	}
	if len(serving) == 0 {
		return false
	}
	for i, one := 0, os.Getppid(); i < generations && one > 1; i++ {
		if holdsSocket(one, serving) {
			return true
		}
		if one == first {
			break
		}
		_, one = processStat(one)
	}
	return false
}

func holdsSocket(pid int, inodes map[uint64]bool) bool {
	folder := "/proc/" + strconv.Itoa(pid) + "/fd"
	names, _ := os.ReadDir(folder)
	for _, name := range names {
		target, _ := os.Readlink(folder + "/" + name.Name())
		if text := strings.TrimPrefix(target, "socket:["); text != target {
			if inode, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64); err == nil && inodes[inode] {
				return true
			}
		}
	}
	return false
}

// processName is pid:start of a process, which no other has had.
func processName(pid int) string {
	start, _ := processStat(pid)
	return strconv.Itoa(pid) + ":" + start
}

// processStat returns when a process started, in ticks since boot, and its parent; proc(5).
func processStat(pid int) (start string, parent int) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[19], parent
}
