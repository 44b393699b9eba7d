package fairlead

import (
	"math/rand"
	"strings"
)

// defaultLaneKey is the baggage key of a lane that names none; legacyLaneKeys are read as well.
const defaultLaneKey = "x-opensergo-traffic"

var legacyLaneKeys = []string{defaultLaneKey, "opensergo-label", "opensergolabel"}

// habits are what settings say of requests and calls. They are set before anything is served.
type habits struct {
	distrusts bool // FAIRLEAD_TRUST=none: a label that comes in is dropped
	traceless bool // FAIRLEAD_TRACE=off: traces are not passed on
	begins    bool // FAIRLEAD_TRACE=begin: a request that came without a trace is given one
	labelOnly bool // no FAIRLEAD_APP: the process knows no app, and only passes labels on
}

var told habits

// lanes decides which lane a request is on (fairlead.flow.lane.Lanes).
type lanes struct {
	own       string
	entry     bool // whether the app is an entry: it takes labels away and sets the lane by its rules
	trusting  bool
	observing bool // whether rules only say which lane they would choose

	keys      map[string]string     // baggage keys by lane
	labels    map[string]string     // baggage headers by lane: what every call on it writes
	known     map[string]knownLabel // by the headers that are a label and nothing else
	keySet    map[string]bool       // keys in lower case
	keyNames  []headerName          // the same in order of precedence
	colouring []colouring
}

// knownLabel is the lane of a label, and the place of its key among the keys: labels under those before
// it count first.
type knownLabel struct {
	lane  string
	place int
}

type colouring struct {
	lane  string // where it leads
	named string // the lane that its rule names
	test  predicate
}

func newLanes(s *snapshot) *lanes {
	l := &lanes{
		own:       s.Workload.Lane,
		entry:     s.Entry != nil,
		trusting:  s.Entry == nil && !told.distrusts,
		observing: s.Governance == governanceObserve,
		keys:      map[string]string{},
		labels:    map[string]string{},
		known:     map[string]knownLabel{},
		keySet:    map[string]bool{},
	}
	for _, one := range s.Lanes {
		l.keys[one.Name] = one.Key
		l.labels[one.Name] = joinBaggage(one.Key, one.Name, "")
		l.addKey(one.Key)
	}
	for _, key := range legacyLaneKeys {
		l.addKey(key)
	}
	for _, label := range l.labels {
		splitBaggage(label, l.keySet, func(key, value string) {
			if lane, ok := laneName(value); ok {
				l.known[label] = knownLabel{l.orOwn(lane), l.place(key)}
			}
		})
	}
	if s.Entry != nil && s.Governance != governanceOff {
		l.compile(s.Entry.Colourings)
	}
	return l
}

// addKey takes in a key; names of headers and, to be safe, of baggage are compared without their case.
func (l *lanes) addKey(key string) {
	lower := lowerText(key)
	if !l.keySet[lower] {
		l.keySet[lower] = true
		l.keyNames = append(l.keyNames, headerNamed(lower))
	}
}

func (l *lanes) compile(rules []colouringRule) {
	for _, one := range rules {
		test, err := compileConditions(one.Conditions)
		if err != nil {
			continue // readSnapshot has refused it
		}
		lane := one.Lane
		if l.observing {
			lane = l.own
		}
		l.colouring = append(l.colouring, colouring{lane, one.Lane, test})
	}
}

func (l *lanes) place(key string) int {
	for i := range l.keyNames {
		if l.keyNames[i].lower == key {
			return i
		}
	}
	return len(l.keyNames)
}

// plain tells whether a request has a label in a header of its own, under one of the first keys.
func (l *lanes) plain(in *Inbound, keys int) bool {
	for i := range l.keyNames[:keys] {
		if _, there := in.Header[l.keyNames[i].spelt(in.GRPC)]; there {
			return true
		}
	}
	return false
}

func (l *lanes) orOwn(lane string) string {
	if lane == "" {
		return l.own
	}
	return lane
}

// arrive returns the lane of a request that has come in, and takes away what nobody here believes.
func (l *lanes) arrive(r *Request) string {
	if l.trusting {
		return l.inherit(&r.in)
	}
	if len(r.in.Header) > 0 {
		l.strip(&r.in)
	}
	if !l.entry {
		return l.own
	}
	lane, named := l.colour(view{r})
	if l.observing {
		counted("would_colour", named)
	}
	counted("coloured_requests", lane)
	return lane
}

// colour returns the lane of a request at an entry, and the one that the rule names that matched.
func (l *lanes) colour(v view) (lane, named string) {
	for i := range l.colouring {
		if one := &l.colouring[i]; one.test(v, rand.Float64) {
			return one.lane, one.named
		}
	}
	return l.own, l.own
}

// inherit returns the lane of a request that is not at an entry, from the labels that it carries. A
// value that can name no lane is no label.
func (l *lanes) inherit(in *Inbound) string {
	header := in.Header
	if len(header) == 0 {
		return l.own
	}
	baggage := header[baggageHeader.spelt(in.GRPC)]
	switch len(baggage) {
	case 0:
		if !l.plain(in, len(l.keyNames)) {
			return l.own
		}
	case 1:
		if label, alone := l.known[baggage[0]]; alone && !l.plain(in, label.place) {
			return label.lane
		}
	}
	found, _, invalid := l.read(in)
	lane, seen := l.own, false
	for i := range l.keyNames {
		value, there := found[l.keyNames[i].lower]
		if !there {
			continue
		}
		name, ok := laneName(value)
		if ok && !seen {
			lane, seen = l.orOwn(name), true
		}
		invalid = invalid || !ok
	}
	if invalid {
		counted("invalid_labels", "")
	}
	return lane
}

// read returns the labels that a request carries by key in lower case, those of the baggage before
// those in headers of their own, and the baggage without ours.
func (l *lanes) read(in *Inbound) (found map[string]string, theirs string, invalid bool) {
	found = map[string]string{}
	theirs = latin(strings.Join(in.Header[baggageHeader.spelt(in.GRPC)], ","))
	if l.mentioned(theirs) {
		if len(theirs) > mostBaggageBytes {
			// Longer than anybody must carry it, and long enough to keep a server busy.
			theirs, invalid = "", true
		} else {
			theirs = splitBaggage(theirs, l.keySet, func(key, value string) {
				if _, there := found[key]; !there {
					found[key] = value
				}
			})
		}
	}
	for i := range l.keyNames {
		name := &l.keyNames[i]
		if values := in.Header[name.spelt(in.GRPC)]; len(values) > 0 {
			if _, there := found[name.lower]; !there {
				found[name.lower] = trimSpace(latin(strings.Join(values, ",")))
			}
		}
	}
	return found, theirs, invalid
}

// mentioned tells whether a baggage header names one of our keys anywhere.
func (l *lanes) mentioned(header string) bool {
	if header == "" {
		return false
	}
	lower := lowerText(header)
	for i := range l.keyNames {
		if strings.Contains(lower, l.keyNames[i].lower) {
			return true
		}
	}
	return false
}

// strip takes labels and the caller's name away, and leaves every other member of the baggage.
func (l *lanes) strip(in *Inbound) {
	caller := callerHeader.spelt(in.GRPC)
	_, named := in.Header[caller]
	found, theirs, invalid := l.read(in)
	if len(found) == 0 && !invalid && !named {
		return
	}
	for i := range l.keyNames {
		delete(in.Header, l.keyNames[i].spelt(in.GRPC))
	}
	delete(in.Header, caller)
	if name := baggageHeader.spelt(in.GRPC); theirs == "" {
		delete(in.Header, name)
	} else {
		in.Header[name] = []string{bytesOf(theirs)}
	}
}

// label returns the baggage header for a lane, "" for none, given what the application has written.
func (l *lanes) label(lane string, written []string) string {
	if len(written) == 0 {
		if label, ok := l.labels[lane]; ok || lane == "" {
			return label
		}
	}
	theirs := ""
	if len(written) > 0 {
		theirs = splitBaggage(strings.Join(written, ","), l.keySet, func(string, string) {})
	}
	if lane == "" {
		return theirs
	}
	key, ok := l.keys[lane]
	if !ok {
		key = defaultLaneKey
	}
	return joinBaggage(key, lane, theirs)
}

// bytesOf is what latin has read, as it came.
func bytesOf(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] >= 0x80 {
			found := make([]byte, 0, len(text))
			for _, c := range text {
				found = append(found, byte(c))
			}
			return string(found)
		}
	}
	return text
}
