package fairlead

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Custom matchers that every agent has (fairlead.policy.routing.matchers). Those that users register
// in Python are refused: there is no such function in this program.

const verifiedTokens = "envoy.filters.http.jwt_authn"

func customTest(c *customRule) (routeTest, error) {
	arguments := map[string]string{}
	for _, one := range c.Arguments {
		arguments[one[0]] = one[1]
	}
	switch c.Name {
	case "fairlead.client-cidr":
		return clientTest(arguments["cidr"]), nil
	case "fairlead.hash-percentage":
		return hashTest(arguments), nil
	case "fairlead.jwt-claim":
		return claimTest(arguments), nil
	case "fairlead.trace-id":
		return traceTest(arguments), nil
	}
	return nil, fmt.Errorf("a Go program has no matcher %s", pythonText(c.Name))
}

func clientTest(ranges string) routeTest {
	var known []netip.Prefix
	bad := false
	for _, text := range strings.Split(ranges, ",") {
		text = trimSpace(text)
		if prefix, err := netip.ParsePrefix(text); err == nil {
			known = append(known, prefix.Masked())
		} else if address, err := netip.ParseAddr(text); err == nil {
			known = append(known, netip.PrefixFrom(address, address.BitLen()))
		} else {
			bad = true
		}
	}
	return func(q *routeRequest, _ string) bool {
		address, err := netip.ParseAddr(q.sourceIP)
		if err != nil || bad {
			return false
		}
		for _, one := range known {
			if one.Contains(address) {
				return true
			}
		}
		return false
	}
}

func hashTest(arguments map[string]string) routeTest {
	limit := placesOf(arguments["percent"])
	return func(q *routeRequest, _ string) bool {
		var value string
		var there bool
		if name, ok := arguments["header"]; ok {
			value, there = q.header(strings.ToLower(name))
		} else if name, ok := arguments["cookie"]; ok {
			value, there = q.cookie(name)
		} else {
			value, there = q.query(arguments["query"])
		}
		return there && limit(arguments["salt"], value)
	}
}

func traceTest(arguments map[string]string) routeTest {
	ids, named := arguments["ids"]
	wanted := map[string]bool{}
	for _, one := range strings.Split(ids, ",") {
		wanted[trimSpace(one)] = true
	}
	limit := placesOf(arguments["percent"])
	return func(q *routeRequest, _ string) bool {
		id, there := traceID(func(name headerName) (string, bool) { return q.header(name.lower) })
		if !there || named {
			return there && wanted[id]
		}
		return limit(arguments["salt"], id)
	}
}

// placesOf returns what tells whether a value falls into a share of all.
func placesOf(percent string) func(salt, value string) bool {
	share, err := strconv.ParseFloat(percent, 64)
	if err != nil {
		return func(string, string) bool { return false }
	}
	limit := share / 100 * (1 << 64)
	return func(salt, value string) bool {
		return limit >= 1<<64 || limit >= 1 && hashPlace(salt, value) < uint64(limit)
	}
}

func claimTest(arguments map[string]string) routeTest {
	filter, payload := verifiedTokens, "payload"
	if name, ok := arguments["filter"]; ok {
		filter = name
	}
	if name, ok := arguments["payload"]; ok {
		payload = name
	}
	path := append([]string{payload}, strings.Split(arguments["claim"], ".")...)
	wanted := arguments["value"]
	return func(q *routeRequest, _ string) bool {
		switch found := q.said(filter, path).(type) {
		case string:
			return found == wanted
		case []any:
			for _, one := range found {
				if one == any(wanted) {
					return true
				}
			}
		}
		return false
	}
}
