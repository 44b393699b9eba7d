package fairlead

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Leave before dying (contract 4): at SIGTERM, and at SIGINT. A program that handles the signal goes
// on as it would: it is deregistered beside that. Where the signal has its default action, the first
// one deregisters and lets requests under way end while the server goes on; then the signal takes
// that action, and the exit status is its. A second signal does not wait.

// othersHear tells whether the program handled the last signal of a kind itself; set by the hook in
// os/signal, which alone can know. nil where that is not in the program.
var othersHear func(os.Signal) bool

var beforeDeath sync.Once

const (
	// quiet is for how long no request may have been under way after which nobody is expected any
	// more: the time that callers need to hear that the instance is gone.
	quiet = 300 * time.Millisecond
	// lookedAt is how often it is looked whether requests are under way.
	lookedAt = 20 * time.Millisecond
)

func hearTermination() {
	heard := make(chan os.Signal, 2)
	for _, one := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if !signal.Ignored(one) { // to be told of it would change what it does
			signal.Notify(heard, one)
		}
	}
	go depart(heard)
}

func depart(heard chan os.Signal) {
	which := <-heard
	t := tenant.Load()
	t.dying.Store(true)
	theirs := othersHear != nil && othersHear(which)
	over := make(chan struct{})
	go func() {
		defer close(over)
		t.leave()
		if !theirs {
			endServers(time.Now().Add(set.drain))
		}
	}()
	if theirs {
		signal.Stop(heard) // where they hear no more, the next one has its default action
		return
	}
	select {
	case <-over:
	case <-heard:
	}
	os.Remove(inspector.path)
	signal.Stop(heard)
	if self, err := os.FindProcess(os.Getpid()); err != nil || self.Signal(which) != nil {
		number, _ := which.(syscall.Signal)
		os.Exit(128 + int(number))
	}
}

// ending are servers that take no more connections when they are told, and return when those they
// have are done.
var ending struct {
	sync.Mutex
	begun bool
	next  int
	ends  map[int]func(context.Context) error
}

// Ends says how a server is told to end where nobody else hears the signal. What it returns is to be
// called when the server has: it does not return where the process is about to end, as a program
// whose server is no more is likely to end at once, with requests under way.
func Ends(end func(context.Context) error) (over func()) {
	ending.Lock()
	defer ending.Unlock()
	if ending.ends == nil {
		ending.ends = map[int]func(context.Context) error{}
	}
	ending.next++
	number := ending.next
	ending.ends[number] = end
	return func() {
		ending.Lock()
		delete(ending.ends, number)
		begun := ending.begun
		ending.Unlock()
		if begun {
			select {}
		}
	}
}

func endServers(deadline time.Time) {
	ending.Lock()
	ending.begun = true
	var all sync.WaitGroup
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	for _, end := range ending.ends {
		end := end
		all.Add(1)
		go func() {
			defer all.Done()
			end(ctx)
		}()
	}
	ending.Unlock()
	all.Wait()
	drained(deadline)
}

// drained waits until no request is under way, or until deadline.
func drained(deadline time.Time) {
	for busy := time.Now(); time.Since(busy) < quiet && time.Now().Before(deadline); time.Sleep(lookedAt) {
		if servedNow() > 0 {
			busy = time.Now()
		}
	}
}
