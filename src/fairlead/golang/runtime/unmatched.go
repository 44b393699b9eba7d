package fairlead

import (
	"sort"
	"strings"
	"sync"
)

// What rules name and this program has not (contract 22, fairlead.instruments.interfaces): told as far
// as it is sure: where every server says its methods of gRPC, or hands what comes to a router that has
// told its routes. What a program has of its own around or beside that may serve whatever it wants.

const (
	mostVain      = 64 // resources that are told
	mostMeant     = 8  // of them those with what may be meant
	mostPatterns  = 4096
	mostDatabases = 1024
)

// resources are what is known of this program.
var resources struct {
	sync.Mutex
	routes    map[string]map[string]bool // methods by path, "" for every method
	folders   map[string]bool            // below which anything may be
	patterns  bool                       // whether patterns of a ServeMux are among them
	overflown bool
	tellers   []func(handler any) (routes [][2]string, colons, all bool)
}

var databasesKnown table[string, struct{}]

// hasRoute hears a pattern of a ServeMux, [METHOD ][HOST]/PATH.
func hasRoute(pattern string) {
	at := strings.IndexByte(pattern, '/')
	if at < 0 {
		return
	}
	method := ""
	if space := strings.IndexAny(pattern[:at], " \t"); space > 0 {
		method = pattern[:space]
	}
	path := strings.TrimSuffix(pattern[at:], "{$}")
	folder := strings.HasSuffix(pattern, "/")
	if strings.HasSuffix(path, "...}") {
		path, folder = path[:strings.LastIndexByte(path, '{')], true
	}
	resources.Lock()
	defer resources.Unlock()
	resources.patterns = true
	addRoute(method, written(path, false), folder)
}

// routesTold asks a handler for its routes, and returns whether it has told all.
func routesTold(handler any) bool {
	defer flatFault("route")
	resources.Lock()
	defer resources.Unlock()
	for _, ask := range resources.tellers {
		routes, colons, all := ask(handler)
		if !all {
			continue
		}
		for _, one := range routes {
			path := one[1]
			end := strings.IndexByte(path, '*') // a rest; among braces a star is part of a condition
			if !colons && end != len(path)-1 {
				end = -1
			}
			if end >= 0 {
				path = path[:end]
			}
			addRoute(one[0], written(path, colons), end >= 0)
		}
		return true
	}
	return false
}

// addRoute is called with the lock of resources held.
func addRoute(method, path string, folder bool) {
	if len(resources.routes)+len(resources.folders) >= mostPatterns {
		resources.overflown = true
		return
	}
	if resources.routes == nil {
		resources.routes, resources.folders = map[string]map[string]bool{}, map[string]bool{}
	}
	if folder {
		resources.folders[path] = true
		return
	}
	if resources.routes[path] == nil {
		resources.routes[path] = map[string]bool{}
	}
	resources.routes[path][method] = true
}

// hasDatabase hears of the database of a statement.
func hasDatabase(name string) {
	if databasesKnown.find(name) == nil {
		databasesKnown.add(name, theRest, mostDatabases, func(string) *struct{} { return &struct{}{} })
	}
}

// unmatched returns the resources that rules name and this program has not, each with the one that may
// be meant, "" for none; nil where not all is known.
func unmatched() map[string]string {
	paths, sure := pathsKnown()
	found := map[string]string{}
	var vain []string
	for _, name := range namedInRules(&current().snapshot.flow) {
		switch kind, told := sortOf(name); {
		case kind == ofRoutes && sure && !paths.has(name):
			vain = append(vain, name)
		case kind == ofFunctions:
			found[told] = patternMeant(told)
		case kind == ofDatabases && !hasOne(told):
			found[told] = ""
		}
	}
	if !sure && len(found) == 0 {
		return nil
	}
	for i, name := range vain {
		if len(found) < mostVain {
			found[name] = ""
			if i < mostMeant {
				found[name] = paths.like(name)
			}
		}
	}
	return found
}

// Sorts of resources; what is none of these is not judged.
const (
	ofRoutes = iota + 1
	ofFunctions
	ofDatabases
)

// sortOf returns the sort of a resource, and the name by which it is told: statements by that of their
// database. A function of the application is nothing that a Go program can name.
func sortOf(name string) (kind int, told string) {
	method, _ := methodOf(name)
	switch {
	case strings.HasPrefix(name, "/") || method != "":
		return ofRoutes, name
	case name == notFound || strings.HasPrefix(name, "call:"):
		return 0, name
	case strings.HasPrefix(name, "sql:"):
		database, _, _ := strings.Cut(name[len("sql:"):], ":")
		return ofDatabases, "sql:" + database
	}
	return ofFunctions, name
}

// patternMeant returns the resource of a pattern as a ServeMux has it, "GET /users/{id}", "" of another
// name.
func patternMeant(name string) string {
	method, path, _ := strings.Cut(name, " ")
	one := method + ":" + strings.TrimSpace(path)
	if found, route := methodOf(one); found != "" && strings.HasPrefix(route, "/") {
		return one
	}
	return ""
}

func hasOne(database string) bool {
	return databasesKnown.find(strings.TrimPrefix(database, "sql:")) != nil || databasesKnown.find(theRest) != nil
}

// namedInRules returns the resources that rules name, without patterns.
func namedInRules(rules *flowRules) []string {
	seen := map[string]bool{}
	noteNames(seen, rules.Authorities)
	noteNames(seen, rules.Hots)
	noteNames(seen, rules.Rates)
	noteNames(seen, rules.Throttles)
	noteNames(seen, rules.Caps)
	noteNames(seen, rules.Breakers)
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func noteNames[T any, P interface {
	*T
	base() *rule
}](seen map[string]bool, rules []T) {
	for i := range rules {
		if one := P(&rules[i]).base(); !one.Regex {
			seen[one.Resource] = true
		}
	}
}

// knownPaths are the routes of a program of which all are known.
type knownPaths struct {
	routes  map[string]map[string]bool
	folders []string
}

// pathsKnown returns the routes of this program, and whether they are all.
func pathsKnown() (found knownPaths, sure bool) {
	listening.Lock()
	servers := append([]server{}, listening.servers...)
	listening.Unlock()
	found.routes = map[string]map[string]bool{}
	resources.Lock()
	defer resources.Unlock()
	sure = len(servers) > 0 && !resources.overflown
	for _, one := range servers {
		if one.protocol == protocolGRPC {
			sure = found.addMethods(one.methods) && sure
		} else {
			sure = sure && (one.routed || one.mux && resources.patterns)
		}
	}
	found.addRoutes()
	return found, sure
}

// addMethods adds the methods of a server of gRPC and their services; false where that has none but
// those that every server may have: it may be one that answers whatever is asked.
func (k *knownPaths) addMethods(methods []string) bool {
	every := map[string]bool{"": true}
	own := false
	for _, one := range methods {
		k.routes[one], k.routes[serviceOf(one)] = every, every
		own = own || !strings.HasPrefix(one, "/grpc.")
	}
	return own
}

func (k *knownPaths) addRoutes() {
	for path, methods := range resources.routes {
		k.routes[path] = map[string]bool{}
		for method := range methods {
			k.routes[path][method] = true
		}
	}
	for path := range resources.folders {
		k.folders = append(k.folders, path)
	}
}

func (k *knownPaths) has(name string) bool {
	method, path := methodOf(name)
	if method == "" {
		path = name
	}
	for _, folder := range k.folders {
		if strings.HasPrefix(path, folder) {
			return true
		}
	}
	if servesBy(k.routes[path], method) || strings.IndexByte(path, '{') > 0 || strings.Contains(path, "/:") {
		return servesBy(k.routes[path], method)
	}
	for known, methods := range k.routes {
		if one := (guesses{}); servesBy(methods, method) && strings.IndexByte(known, '{') > 0 {
			if one.add(known); one.find(path) != "" { // rules may name a path of a route
				return true
			}
		}
	}
	return false
}

func servesBy(methods map[string]bool, method string) bool {
	return methods != nil && (method == "" || methods[method] || methods[""])
}

// like returns the resource that was probably meant, "" for none.
func (k *knownPaths) like(name string) string {
	method, _ := methodOf(name)
	best, least := "", len(name)/4+1
	for path, methods := range k.routes {
		for known := range methods {
			one := path
			if known != "" && method != "" {
				one = known + ":" + path
			} else if method != "" {
				one = method + ":" + path
			}
			if distance := edits(name, one); distance < least || distance == least && best != "" && one < best {
				best, least = one, distance
			}
		}
	}
	return best
}
