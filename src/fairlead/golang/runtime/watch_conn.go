package fairlead

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// One HTTP/1.1 connection to the control plane. net/http imports this package, and what it sent would
// be governed. This speaks only what the wire needs: a request with a small body, and an answer that
// is counted, chunked, or ends with the connection (fairlead.protocols.watch.connection).

const (
	headLimit = 64 << 10
	bodyLimit = 1 << 20
)

// controlAddress is where the control plane listens.
type controlAddress struct {
	host, port string
	tls        bool
}

// controlAt returns the address in http://HOST:PORT or https://HOST:PORT.
func controlAt(url string) controlAddress {
	scheme, rest, _ := strings.Cut(url, "://")
	host, port, _ := net.SplitHostPort(strings.TrimRight(rest, "/"))
	return controlAddress{host: host, port: port, tls: scheme == "https"}
}

func (a controlAddress) String() string { return net.JoinHostPort(a.host, a.port) }

// private tells whether nobody on the way can read what is sent there.
func (a controlAddress) private() bool {
	return a.tls || a.host == "localhost" || a.host == "::1" || strings.HasPrefix(a.host, "127.")
}

// door is how to get in at the control plane.
type door struct {
	address controlAddress
	token   func() string
	trust   *trust
}

// connection sends requests one after the other, and connects again where the last one broke. Silence
// of timeout, at any point, is an error. It belongs to one goroutine; interrupt may come from any.
type connection struct {
	door    *door
	timeout time.Duration
	reader  *bufio.Reader

	lock    sync.Mutex
	conn    net.Conn
	stopped bool
}

func (d *door) connection(timeout time.Duration) *connection {
	return &connection{door: d, timeout: timeout}
}

// broken is the network's fault, or the other side's: the control plane did not answer as it should.
type broken struct {
	address controlAddress
	err     error
}

func (e *broken) Error() string { return e.address.String() + ": " + e.err.Error() }
func (e *broken) Unwrap() error { return e.err }

// request returns the status and the body of the answer. A connection that was kept may have died
// unnoticed: then it is sent once more, on a new one, as every request of this wire may be.
func (c *connection) request(method, path string, body []byte) (int, []byte, error) {
	kept := c.reader != nil
	status, answer, err := c.exchange(method, path, body)
	if timeout := net.Error(nil); err != nil && kept && !(errors.As(err, &timeout) && timeout.Timeout()) {
		status, answer, err = c.exchange(method, path, body)
	}
	return status, answer, err
}

// stream asks for path; it returns the status, and the body to be read as it comes.
func (c *connection) stream(path string) (int, io.Reader, error) {
	head, err := c.head("GET", path, nil)
	if err != nil {
		return 0, nil, c.fail(err)
	}
	body, err := c.body(head)
	if err != nil {
		return 0, nil, c.fail(err)
	}
	return head.status, body, nil
}

// close closes the connection; the next request makes another.
func (c *connection) close() {
	c.lock.Lock()
	conn := c.conn
	c.conn = nil
	c.lock.Unlock()
	c.reader = nil
	if conn != nil {
		conn.Close()
	}
}

// interrupt ends what is under way, and whatever would be, from any goroutine.
func (c *connection) interrupt() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.stopped = true
	if c.conn != nil {
		c.conn.Close()
	}
}

func (c *connection) fail(err error) error {
	c.close()
	return &broken{c.door.address, err}
}

func (c *connection) exchange(method, path string, body []byte) (int, []byte, error) {
	head, err := c.head(method, path, body)
	if err != nil {
		return 0, nil, c.fail(err)
	}
	reader, err := c.body(head)
	if err != nil {
		return 0, nil, c.fail(err)
	}
	answer, err := readBounded(reader, bodyLimit+1)
	if err == nil && len(answer) > bodyLimit {
		err = errors.New("an answer that does not end")
	}
	if err != nil {
		return 0, nil, c.fail(err)
	}
	if head.last {
		c.close()
	}
	return head.status, answer, nil
}

func (c *connection) head(method, path string, body []byte) (*answerHead, error) {
	if c.reader == nil {
		if err := c.connect(); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n", method, path, c.door.address)
	if token := c.door.token(); token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if method != "GET" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	c.conn.SetWriteDeadline(time.Now().Add(c.timeout))
	if _, err := io.WriteString(c.conn, b.String()); err != nil {
		return nil, err
	}
	return readHead(c.reader)
}

func (c *connection) connect() error {
	dialer := net.Dialer{Timeout: c.timeout}
	conn, err := dialer.Dial("tcp", c.door.address.String())
	if err != nil {
		return err
	}
	if err := c.keep(conn); err != nil {
		return err
	}
	if c.door.address.tls {
		secured, err := c.door.trust.secured(conn, c.door.address.host, c.timeout)
		if err != nil {
			return err
		}
		if err := c.keep(secured); err != nil {
			return err
		}
		conn = secured
	}
	c.reader = bufio.NewReaderSize(&patient{conn, c.timeout}, headLimit)
	return nil
}

// keep has interrupt end conn from now on, a handshake too.
func (c *connection) keep(conn net.Conn) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.stopped {
		conn.Close()
		return net.ErrClosed
	}
	c.conn = conn
	return nil
}

// patient waits for each byte as long as for the first.
type patient struct {
	conn    net.Conn
	timeout time.Duration
}

func (p *patient) Read(to []byte) (int, error) {
	p.conn.SetReadDeadline(time.Now().Add(p.timeout))
	return p.conn.Read(to)
}

// answerHead is what comes before the body of an answer.
type answerHead struct {
	status  int
	length  int64 // -1 where it is not said
	chunked bool
	last    bool // whether the connection ends with it
}

func readHead(from *bufio.Reader) (*answerHead, error) {
	first, err := headLine(from)
	if err != nil {
		return nil, err
	}
	words := strings.SplitN(first, " ", 3)
	if len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/1.") {
		return nil, fmt.Errorf("not an HTTP answer: %.60q", first)
	}
	head := &answerHead{length: -1}
	if head.status, err = strconv.Atoi(words[1]); err != nil {
		return nil, fmt.Errorf("not an HTTP answer: %.60q", first)
	}
	for size := len(first); ; {
		line, err := headLine(from)
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		if size += len(line); size > headLimit {
			return nil, errors.New("headers that do not end")
		}
		if err := head.read(line); err != nil {
			return nil, err
		}
	}
	if head.length < 0 && !head.chunked && !head.bodyless() {
		head.last = true
	}
	return head, nil
}

func (h *answerHead) bodyless() bool { return h.status == 204 || h.status == 304 }

func (h *answerHead) read(line string) (err error) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "content-length":
		h.length, err = bodyLength(value, 10)
	case "transfer-encoding":
		h.chunked = strings.EqualFold(value, "chunked")
	case "connection":
		h.last = h.last || strings.EqualFold(value, "close")
	}
	return err
}

func headLine(from *bufio.Reader) (string, error) {
	line, err := from.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", errors.New("a line that does not end")
	}
	if errors.Is(err, io.EOF) {
		return "", errEnded
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

var errEnded = errors.New("the connection ended")

func bodyLength(text string, base int) (int64, error) {
	length, err := strconv.ParseInt(text, base, 63)
	if err != nil || length < 0 {
		return 0, fmt.Errorf("not a length: %.20q", text)
	}
	return length, nil
}

func (c *connection) body(h *answerHead) (io.Reader, error) {
	switch {
	case h.bodyless():
		return strings.NewReader(""), nil
	case h.chunked:
		return &chunks{from: c.reader}, nil
	case h.length >= 0:
		return &wholeBody{c.reader, h.length}, nil
	}
	return c.reader, nil
}

// wholeBody is a body of a known length, which must come whole.
type wholeBody struct {
	from io.Reader
	left int64
}

func (b *wholeBody) Read(to []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if int64(len(to)) > b.left {
		to = to[:b.left]
	}
	n, err := b.from.Read(to)
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = errEnded
	}
	return n, err
}

// chunks is a body whose parts say how long they are.
type chunks struct {
	from *bufio.Reader
	left int64
	open bool // whether a part is under way, which an empty line ends
	done bool
}

func (b *chunks) Read(to []byte) (int, error) {
	for b.left == 0 {
		if b.done {
			return 0, io.EOF
		}
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	if int64(len(to)) > b.left {
		to = to[:b.left]
	}
	n, err := b.from.Read(to)
	b.left -= int64(n)
	if err == io.EOF {
		err = errEnded
	}
	return n, err
}

func (b *chunks) next() error {
	if b.open {
		if line, err := headLine(b.from); err != nil {
			return err
		} else if line != "" {
			return errors.New("a chunk of another length than announced")
		}
	}
	line, err := headLine(b.from)
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	if b.left, err = bodyLength(strings.TrimSpace(size), 16); err != nil {
		return err
	}
	b.open = b.left > 0
	for b.left == 0 && !b.done {
		line, err := headLine(b.from)
		if err != nil {
			return err
		}
		b.done = line == ""
	}
	return nil
}
