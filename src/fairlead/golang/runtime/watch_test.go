package fairlead

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// answering is a server that answers each request with the next of its texts, whole; an empty one
// ends the connection.
func answering(t *testing.T, texts ...string) (*connection, <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	asked := make(chan string, len(texts))
	go func() {
		for len(texts) > 0 {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			for reader := bufio.NewReader(conn); len(texts) > 0; {
				head, err := requestHead(reader)
				if err != nil {
					break
				}
				asked <- head
				text := texts[0]
				texts = texts[1:]
				if text == "" {
					break
				}
				io.WriteString(conn, text)
				if !strings.Contains(text, "chunked") && !strings.Contains(text, "Length") {
					break
				}
			}
			conn.Close()
		}
	}()
	d := &door{controlAt("http://" + listener.Addr().String()), func() string { return "t0k" }, &trust{}}
	return d.connection(5 * time.Second), asked
}

func requestHead(from *bufio.Reader) (string, error) {
	head, length := "", 0
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			return "", err
		}
		fmt.Sscanf(line, "Content-Length: %d", &length)
		if line == "\r\n" {
			_, err := io.CopyN(io.Discard, from, int64(length))
			return head, err
		}
		head += line
	}
}

func TestAnswersAreReadHoweverTheirEndIsTold(t *testing.T) {
	c, asked := answering(t,
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\nTrailer: 1\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 503 Busy\r\n\r\nghi",
	)
	for _, want := range []struct {
		status int
		body   string
	}{{200, "abc"}, {200, "def"}, {204, ""}, {503, "ghi"}} {
		status, body, err := c.request("POST", "/x", []byte("{}"))
		if err != nil || status != want.status || string(body) != want.body {
			t.Fatalf("%d %q %v, not %v", status, body, err, want)
		}
	}
	if head := <-asked; !strings.Contains(head, "Authorization: Bearer t0k\r\n") {
		t.Fatalf("no token in %q", head)
	}
}

func TestAKeptConnectionThatDiedIsTriedOnceMore(t *testing.T) {
	whole := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	c, _ := answering(t, whole, "", whole)
	for range [2]int{} {
		if status, _, err := c.request("GET", "/", nil); status != 200 {
			t.Fatal(status, err)
		}
	}
}

func TestWhatIsNoHTTPIsAnErrorAndNoPanic(t *testing.T) {
	for _, text := range []string{
		"nonsense\r\n\r\n",
		"HTTP/1.1 abc\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", headLimit) + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nabc",
	} {
		c, _ := answering(t, text+"", "")
		if status, body, err := c.request("GET", "/", nil); err == nil {
			t.Errorf("%.40q: %d %q", text, status, body)
		}
	}
}

func TestLinesAreCutAndLongOnesAreNotKept(t *testing.T) {
	text := "ab\n\n\ncd\n" + strings.Repeat("x", 40) + "\nef\ncut off"
	reader := bufio.NewReaderSize(strings.NewReader(text), 16)
	var found []string
	for {
		line, err := nextLine(reader, 32)
		if errors.Is(err, io.EOF) {
			break
		}
		if &line[0] == &longLine[0] {
			line = []byte("LONG")
		}
		found = append(found, string(line))
	}
	if strings.Join(found, ",") != "ab,cd,LONG,ef" {
		t.Fatal(found)
	}
}

// sealed returns a plain snapshot with the digest of its content.
func sealed(t *testing.T, revision int, lane string) string {
	t.Helper()
	plain := fmt.Sprintf(`{"digest":"","revision":%d,"workload":{"namespace":"default","app":"shop","lane":"%s"}}`, revision, lane)
	value, err := parseJSON([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(plain, `"digest":""`, `"digest":"`+digestOf(value.(*jsonObject))+`"`, 1)
}

func line(snapshot string) []byte {
	return []byte(`{"wire":1,"type":"snapshot","snapshot":` + snapshot + `}`)
}

func TestASnapshotIsEnforcedWholeOrRefusedWhole(t *testing.T) {
	var lanes, told []string
	s := newSession(func(s *snapshot, _ []byte) error {
		if s.Workload.Lane == "broken" {
			panic("it cannot be")
		}
		lanes = append(lanes, s.Workload.Lane)
		return nil
	}, func(reason string) { told = append(told, reason) })
	if answer := s.receive(line(sealed(t, 7, "gray"))); answer.Error != nil || answer.Revision != 7 {
		t.Fatal(answer)
	}
	for _, bad := range []string{
		`{"digest":"00","revision":8,"workload":{"app":"shop"}}`, `7`, sealed(t, 9, "broken"),
	} {
		if answer := s.receive(line(bad)); answer == nil || answer.Error == nil {
			t.Fatal(bad, answer)
		}
	}
	if s.receive(line(sealed(t, 6, "old"))) != nil || len(lanes) != 1 || s.revision != 7 {
		t.Fatal(lanes, s.revision)
	}
	if answer := s.receive([]byte(`{"wire":2,"type":"snapshot"}`)); answer.Error == nil {
		t.Fatal("another wire")
	}
	if s.receive([]byte(`{"wire":1,"type":"something new"}`)) != nil || len(told) != 5 {
		t.Fatal(told)
	}
}

func TestWhatIsInForceIsLiveOnceTheServerHasNothingNewer(t *testing.T) {
	s := newSession(func(*snapshot, []byte) error { return nil }, func(string) {})
	s.receive([]byte(`{"wire":1,"type":"heartbeat","revision":3}`))
	if s.live.Load() {
		t.Fatal("nothing is in force")
	}
	s.adopted.Store(&snapshot{Digest: "d", Revision: 900})
	if digest, revision := s.connect(); digest != "d" || revision != 900 {
		t.Fatal(digest, revision)
	}
	s.receive([]byte(`{"wire":1,"type":"heartbeat","revision":3}`))
	if !s.live.Load() {
		t.Fatal("the server sends no other")
	}
	if answer := s.receive(line(sealed(t, 3, ""))); answer == nil || answer.Error != nil {
		t.Fatal("what comes from disk is nobody's elder")
	}
}

func TestHowMuchToMeasureIsBounded(t *testing.T) {
	s := newSession(nil, func(string) {})
	s.receive([]byte(`{"wire":1,"type":"telemetry","every":0.01,"interfaces":1e9,"tap":-4}`))
	if got := *s.measured.Load(); got.every != 500*time.Millisecond || got.interfaces != mostRows || got.tap != 0 {
		t.Fatal(got)
	}
	if s.receive([]byte(`{"wire":1,"type":"telemetry","sampling":7}`)) == nil {
		t.Fatal("a share of 7")
	}
}

func TestTheLastKnownGoodComesBackUnlessItWasTouched(t *testing.T) {
	s := usualSettings()
	s.app, s.state, s.labels = "shop", t.TempDir(), [][2]string{{"tag", "gray"}}
	kept := newLastGood(&s)
	if filepath.Base(kept.path) != "gray.json" {
		t.Fatal(kept.path)
	}
	if found, err := kept.load(); found != nil || err != nil {
		t.Fatal(found, err)
	}
	if err := kept.save([]byte(sealed(t, 5, "gray")), time.Now()); err != nil {
		t.Fatal(err)
	}
	found, err := kept.load()
	if err != nil || found.snapshot.Revision != 5 || time.Since(found.saved) > time.Minute {
		t.Fatal(found, err)
	}
	content, _ := os.ReadFile(kept.path)
	damaged := strings.Replace(string(content), `"revision":5`, `"revision":6`, 1)
	os.WriteFile(kept.path, []byte(damaged), 0o600)
	if _, err := kept.load(); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Fatal(err)
	}
	os.WriteFile(kept.path, content, 0o600)
	os.Chmod(kept.path, 0o644)
	if _, err := kept.load(); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Fatal(err)
	}
	os.Chmod(kept.path, 0o600)
	s.zone = "elsewhere"
	if found, err := newLastGood(&s).load(); found != nil || err != nil {
		t.Fatal("of another instance", found, err)
	}
}
