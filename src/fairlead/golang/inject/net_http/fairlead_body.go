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
	touched  bool
	closed   bool // by a Transport
	finished bool
}

func (b *fairleadBody) Read(p []byte) (int, error) {
	b.lock.Lock()
	b.touched = true
	b.lock.Unlock()
	return b.body.Read(p)
}

func (b *fairleadBody) Close() error {
	b.lock.Lock()
	b.closed = true
	keep := !b.touched && !b.finished
	b.lock.Unlock()
	if keep {
		return nil
	}
	return b.body.Close()
}

// again tells whether the body can be sent once more, and readies it for that.
func (b *fairleadBody) again() bool {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.closed = false
	return !b.touched
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
