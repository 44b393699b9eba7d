package fairlead

import (
	"encoding/json"
	"errors"
	"sort"
	"strconv"
	"sync/atomic"
	"time"
)

// rewritesAsked sends a question about a statement to the control plane; nil where there is none.
var rewritesAsked func(body []byte) (status int, answer []byte, err error)

// rewritesNode is who asks.
var rewritesNode string

const (
	rewritesPath    = "/fairlead/v1/rewrites"
	rewritesTimeout = 5 * time.Second
	mostAsking      = 4 // connections by which statements are asked about
)

// rewrites returns what asks the control plane behind a door, on few connections that are kept.
func (d *door) rewrites() func(body []byte) (int, []byte, error) {
	idle := make(chan *connection, mostAsking)
	for i := 0; i < mostAsking; i++ {
		idle <- d.connection(rewritesTimeout)
	}
	return func(body []byte) (int, []byte, error) {
		waiting := time.NewTimer(rewritesTimeout)
		defer waiting.Stop()
		select {
		case c := <-idle:
			defer func() { idle <- c }()
			return c.request("POST", rewritesPath, body)
		case <-waiting.C:
			return 0, nil, errors.New("too many statements are asked about at once")
		}
	}
}

// Who did not answer is left alone for a moment: each statement would wait for the whole timeout.
var (
	rewritesAway atomic.Int64
	rewritesWhy  atomic.Pointer[error]
)

const rewritesPause = time.Second

var errNoParser = errors.New("a statement is judged by the control plane, and this process has none: it follows a file")

// askedControl returns the control plane's answer to a question, or why there is none.
func askedControl(question *sqlQuestion) (*sqlReply, error) {
	if rewritesAsked == nil {
		return nil, errNoParser
	}
	question.Node, question.Namespace, question.App = rewritesNode, set.namespace, set.app
	question.Tables = emptyFor(question.Tables)
	question.Functions = emptyFor(question.Functions)
	question.Session = emptyFor(question.Session)
	question.Answers = emptyFor(question.Answers)
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	if until, why := rewritesAway.Load(), rewritesWhy.Load(); clock() < until && why != nil {
		return nil, *why
	}
	status, answer, err := rewritesAsked(body)
	if err != nil {
		why := errors.New("the control plane cannot be asked what this statement is on the lane: " + err.Error())
		rewritesWhy.Store(&why)
		rewritesAway.Store(clock() + int64(rewritesPause))
		return nil, why
	}
	reply := &sqlReply{}
	if err := json.Unmarshal(answer, reply); err != nil {
		return nil, errors.New("the control plane's answer about this statement cannot be read (status " + strconv.Itoa(status) + ")")
	}
	if status != 200 {
		return nil, errors.New("the control plane does not say what this statement is on the lane: " + reply.Message + " (status " + strconv.Itoa(status) + ")")
	}
	return reply, nil
}

// emptyFor has a list that is not there told as an empty one.
func emptyFor[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func sortedNames[V any](of map[string]V) []string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
