package http

import (
	"context"
	"io"
	"sync"
)

// fairleadBody is the body of a request that can be sent once. Until somebody has read of it, it can
// be sent to another instance, though a Transport has closed it.
type fairleadBody struct {
	lock     sync.Mutex
	body     io.ReadCloser
	reader   *fairleadReader // whose it is
	touched  bool
	closed   bool // by a Transport
	finished bool
}

// fairleadReader is the body as one attempt has it. A Transport that has given up may read of it yet:
// it gets nothing of what is another's.
type fairleadReader struct{ of *fairleadBody }

func (r *fairleadReader) Read(p []byte) (int, error) {
	b := r.of
	b.lock.Lock()
	if b.reader != r {
		b.lock.Unlock()
		return 0, ErrBodyReadAfterClose
	}
	b.touched = true
	b.lock.Unlock()
	return b.body.Read(p)
}

func (r *fairleadReader) Close() error {
	b := r.of
	b.lock.Lock()
	if b.reader != r {
		b.lock.Unlock()
		return nil
	}
	b.closed = true
	keep := !b.touched && !b.finished
	b.lock.Unlock()
	if keep {
		return nil
	}
	return b.body.Close()
}

// next returns the body for one attempt more, nil where somebody has read of it.
func (b *fairleadBody) next() *fairleadReader {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.touched {
		return nil
	}
	b.closed = false
	b.reader = &fairleadReader{b}
	return b.reader
}

// spent tells whether somebody has read of it.
func (b *fairleadBody) spent() bool {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.touched
}

// finish says that there will be no other attempt.
func (b *fairleadBody) finish() {
	b.lock.Lock()
	late := b.closed && !b.touched && !b.finished
	b.finished = true
	b.lock.Unlock()
	if late {
		b.body.Close()
	}
}

// fairleadTimed is the body of an answer, with what is to be done once it was read.
type fairleadTimed struct {
	body io.ReadCloser
	done context.CancelFunc
}

func (b *fairleadTimed) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil {
		b.done()
	}
	return n, err
}

func (b *fairleadTimed) Close() error {
	defer b.done()
	return b.body.Close()
}
