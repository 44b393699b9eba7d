package fairlead

import "strings"

// place is where something is; "" for what nobody has said (fairlead.policy.locality).
type place struct{ region, zone, subZone string }

// readPlace returns what zone, region/zone or region/zone/subzone spells.
func readPlace(text string) place {
	parts := append(strings.Split(text, "/"), "", "")
	if strings.IndexByte(text, '/') < 0 {
		return place{zone: text}
	}
	return place{parts[0], parts[1], parts[2]}
}
