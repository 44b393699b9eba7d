package fairlead

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// trust is whose certificates are believed: those in a file, or where there is none the system's.
type trust struct {
	file  string
	lock  sync.Mutex
	seen  fs.FileInfo
	roots *x509.CertPool
}

// secured shakes hands with host over conn, which it closes where that fails; errors say what to do.
func (t *trust) secured(conn net.Conn, host string, patience time.Duration) (net.Conn, error) {
	roots, err := t.authorities()
	if err != nil {
		conn.Close()
		return nil, err
	}
	secured := tls.Client(conn, &tls.Config{
		RootCAs:    roots,
		ServerName: host,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
	})
	conn.SetDeadline(time.Now().Add(patience))
	if err := secured.Handshake(); err != nil {
		conn.Close()
		var refused *tls.CertificateVerificationError
		if errors.As(err, &refused) {
			return nil, fmt.Errorf("its certificate is refused: %w; name the file of its authority with FAIRLEAD_CA_FILE", refused.Err)
		}
		return nil, fmt.Errorf("no TLS is spoken there: %w", err)
	}
	conn.SetDeadline(time.Time{})
	return secured, nil
}

// authorities returns those of the file, nil for the system's. A file that has changed is read again:
// authorities are replaced while programs run.
func (t *trust) authorities() (*x509.CertPool, error) {
	if t.file == "" {
		return nil, nil
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	seen, err := os.Stat(t.file)
	if err != nil {
		return nil, fmt.Errorf("FAIRLEAD_CA_FILE='%s': %w", t.file, errors.Unwrap(err))
	}
	if t.roots != nil && sameFile(seen, t.seen) {
		return t.roots, nil
	}
	text, err := os.ReadFile(t.file)
	if err != nil {
		return nil, fmt.Errorf("FAIRLEAD_CA_FILE='%s': %w", t.file, errors.Unwrap(err))
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("FAIRLEAD_CA_FILE='%s': holds no certificate in PEM form", t.file)
	}
	t.roots, t.seen = roots, seen
	return roots, nil
}

// sameFile tells whether a file is, as far as can be told without reading it, what it was.
func sameFile(now, before fs.FileInfo) bool {
	return before != nil && os.SameFile(now, before) &&
		now.ModTime().Equal(before.ModTime()) && now.Size() == before.Size()
}

const tokenLimit = 64 << 10

// tokenOf returns what reads the token in a file, "" where there is none to send. It is read each
// time, so that it may rotate. A token that others could have written is not sent: it may be theirs.
// Neither is one that others on the way could read.
func tokenOf(path string, address controlAddress) func() string {
	if path == "" {
		return func() string { return "" }
	}
	name := "FAIRLEAD_TOKEN_FILE='" + path + "': "
	return func() string {
		if !address.private() {
			warn(name + "not sent to http://" + address.String() + ", where all on the way could read it; use https://")
			return ""
		}
		token, mode, err := readToken(path)
		switch {
		case err != nil:
			warn(name + err.Error() + "; no token is sent")
			return ""
		case mode&0o022 != 0:
			warn(name + "not sent, others may write it")
			return ""
		case mode&0o004 != 0:
			warn(name + "everybody may read it")
		}
		return token
	}
}

func readToken(path string) (string, fs.FileMode, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, errors.Unwrap(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", 0, err
	}
	text, err := readBounded(file, tokenLimit)
	if err != nil {
		return "", 0, err
	}
	token := strings.TrimSpace(string(text))
	for i := 0; i < len(token); i++ {
		if token[i] >= 0x7F || token[i] < ' ' {
			return "", 0, errors.New("holds more than a token")
		}
	}
	return token, info.Mode().Perm(), nil
}
