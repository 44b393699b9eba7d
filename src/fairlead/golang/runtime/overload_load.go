package fairlead

import (
	"runtime"
	"time"
)

// What the process and its container are doing, for protection from overload (fairlead.agent.load). A
// goroutine of its own looks, some times a second, and only while a rule wants it. What the kernel
// does not say is 0, and the others decide.

const (
	sampleEvery  = 100 * time.Millisecond
	sampleSlowly = 10 // samples between two looks at what changes slowly
)

// sampleSoon is the first samples of a strategy that begins with little room: while a process only
// waits for others, nobody has to be rejected for a whole interval before that is seen.
var sampleSoon = [...]time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond}

// signals reads what a process is doing; each reading is about the time since the last one.
type signals struct {
	container           *container
	waits               waits
	at                  int64
	used                time.Duration
	count               int
	memory, descriptors float64
}

func newSignals(c *container) *signals {
	return &signals{container: c, waits: waits{folder: ownTasks}, at: clock(), used: processTime()}
}

// cores are those that goroutines can use at once.
func (s *signals) cores() float64 { return s.container.cores(float64(runtime.GOMAXPROCS(0))) }

func (s *signals) read() load {
	now, used := clock(), processTime()
	passed := max(float64(now-s.at)/float64(second), 0.001)
	own := (used - s.used + s.waits.since()).Seconds() / passed
	s.at, s.used = now, used
	if s.count%sampleSlowly == 0 {
		s.look()
	}
	s.count++
	return load{
		cpu:         max(own/s.cores(), s.container.busy(float64(now)/float64(second))),
		memory:      s.memory,
		descriptors: s.descriptors,
	}
}

func (s *signals) look() {
	s.container.look()
	s.memory = 0
	if most := s.container.memoryLimit; most > 0 {
		s.memory = float64(max(residentNow(), s.container.memory())) / float64(most)
	}
	s.descriptors = openDescriptors()
}

// watchOver samples while there is a rule.
func (p *protection) watchOver() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.samples || p.rule == nil {
		return
	}
	p.samples = true
	go p.watched()
}

func (p *protection) watched() {
	defer func() {
		if err := recover(); err != nil { // the application is as it were without a rule
			p.goBlind()
			fault("load", err)
			p.mu.Lock()
			p.samples = false
			p.mu.Unlock()
		}
	}()
	found := newSignals(newContainer(cgroupRoot, cgroupProc))
	p.begin(found.cores())
	found.read() // what was used up to here was used for beginning
	for i := 0; ; i++ {
		wait := sampleEvery
		if i < len(sampleSoon) && p.adapts() {
			wait = sampleSoon[i]
		}
		time.Sleep(wait)
		if !p.sample(float64(clock())/float64(second), found.read()) && p.stops() {
			return
		}
	}
}

func (p *protection) adapts() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, is := p.strategy.(*adaptive)
	return is
}

// stops tells whether nobody wants samples any more; a rule that comes later begins anew.
func (p *protection) stops() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rule != nil {
		return false
	}
	p.samples = false
	return true
}
