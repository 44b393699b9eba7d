package fairlead

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestThreadsThatWaitForACoreAreSeen(t *testing.T) {
	folder := t.TempDir()
	say := func(thread, text string) {
		if err := os.MkdirAll(filepath.Join(folder, thread), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, thread, "schedstat"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := waits{folder: folder}
	say("1", "5000 7000 3\n")
	say("2", "what is this")
	if found := w.since(); found != 0 {
		t.Errorf("%v before it was asked", found)
	}
	say("1", "5000 9000 4\n")
	say("3", "1 500 1\n") // a thread that has begun meanwhile
	if found := w.since(); found != 2500 {
		t.Errorf("%v, of two threads", found)
	}
	os.RemoveAll(filepath.Join(folder, "1"))
	if found := w.since(); found != 0 {
		t.Errorf("%v, though one has ended", found)
	}
	if found := (&waits{folder: filepath.Join(folder, "none")}).since(); found != 0 {
		t.Errorf("%v where nobody tells", found)
	}
}

func TestALookAtOnesOwnThreadsSaysSomething(t *testing.T) {
	s := newSignals(newContainer(t.TempDir(), t.TempDir()))
	for until := time.Now().Add(20 * time.Millisecond); time.Now().Before(until); {
	}
	if found := s.read(); found.cpu <= 0 {
		t.Errorf("a process that computes is at %v", found.cpu)
	}
}
