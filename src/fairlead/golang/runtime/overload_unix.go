//go:build unix

package fairlead

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// processTime is the time of cores that the process has used.
func processTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// openDescriptors returns the share of the process's descriptors that are in use.
func openDescriptors() float64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur == 0 {
		return 0
	}
	folder, err := os.Open("/proc/self/fd")
	if err != nil {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			return 1 // to count them takes one
		}
		return 0
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(-1)
	return float64(len(names)) / float64(limit.Cur)
}
