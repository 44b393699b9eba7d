package fairlead

import "sync"

// keptState is what outlives snapshots: of clusters by namespace, app and subset, of apps by the
// first two.
type keptState struct {
	lock      sync.Mutex
	standings map[[3]string]*standing
	attempts  map[[2]string]*callAttempts
}

var kept keptState

// forget lets go of those that are not to be kept.
func (k *keptState) forget(keep map[[3]string]bool) {
	k.lock.Lock()
	defer k.lock.Unlock()
	for key := range k.standings {
		if !keep[key] {
			delete(k.standings, key)
		}
	}
	for key := range k.attempts {
		if !keep[[3]string{key[0], key[1], ""}] {
			delete(k.attempts, key)
		}
	}
}

// standingOf returns what is kept of one cluster.
func (k *keptState) standingOf(namespace, app, subset string) *standing {
	k.lock.Lock()
	defer k.lock.Unlock()
	key := [3]string{namespace, app, subset}
	if k.standings[key] == nil {
		if k.standings == nil {
			k.standings = map[[3]string]*standing{}
		}
		k.standings[key] = newStanding(app)
	}
	return k.standings[key]
}

// attemptsOf returns the calls of one app that are counted.
func (k *keptState) attemptsOf(namespace, app string) *callAttempts {
	k.lock.Lock()
	defer k.lock.Unlock()
	key := [2]string{namespace, app}
	if k.attempts[key] == nil {
		if k.attempts == nil {
			k.attempts = map[[2]string]*callAttempts{}
		}
		made := &callAttempts{app: app}
		made.rule.usual()
		k.attempts[key] = made
	}
	return k.attempts[key]
}
