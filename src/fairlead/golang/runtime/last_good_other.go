//go:build !unix

package fairlead

import (
	"io/fs"
	"os"
)

// Where files have no owner and mode of this kind, the user's own folder is what keeps them.

func openPrivate(path string) (*os.File, error) { return os.Open(path) }

func createPrivate(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

func ownedAlone(fs.FileInfo) error { return nil }
