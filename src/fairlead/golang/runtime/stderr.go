package fairlead

import (
	"io"
	"os"
	"strings"
	"sync"
)

// What the agent says on its host's standard error: little, in one line, and not twice.

const longestSaid = 1000

var (
	saidLock sync.Mutex
	said               = map[string]bool{}
	saidTo   io.Writer = os.Stderr // the application may give os.Stderr another value
)

// warn writes one line of at most 1,000 bytes, unless this process has written it before. It is not
// to be called from a request's goroutine: who reads the other end may have stopped.
func warn(text string) {
	line := "fairlead: " + strings.Join(strings.Fields(text), " ")
	if len(line) > longestSaid {
		line = strings.ToValidUTF8(line[:longestSaid], "")
	}
	saidLock.Lock()
	defer saidLock.Unlock()
	if said[line] || len(said) > longestSaid {
		return
	}
	said[line] = true
	io.WriteString(saidTo, line+"\n")
}

// readBounded reads to the end, or to limit.
func readBounded(from io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(from, limit))
}
