//go:build unix

package fairlead

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openPrivate follows no link, and does not hang at somebody else's pipe in this place.
func openPrivate(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

func createPrivate(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err == nil {
		err = file.Chmod(0o600)
	}
	return file, err
}

// ownedAlone refuses a file that somebody else has made, or may read.
func ownedAlone(info fs.FileInfo) error {
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("belongs to user %d, not to %d", owner.Uid, os.Geteuid())
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("mode %04o lets others in; 0600 is due", info.Mode().Perm())
	}
	return nil
}
