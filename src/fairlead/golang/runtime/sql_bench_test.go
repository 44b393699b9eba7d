package fairlead

import (
	"context"
	"testing"
)

// What a statement of base costs beside the driver: without shadows, and beside those of a lane.
func BenchmarkStatement(b *testing.B) {
	before := inForce.Load()
	defer inForce.Store(before)
	p := pooled("github.com/lib/pq", "dbname=shop host=x")
	text := "SELECT id, item FROM orders WHERE id = $1"
	for name, s := range map[string]*snapshot{
		"no shadows": {Digest: "d", Governance: governanceOn},
		"shadows":    {Digest: "d", Governance: governanceOn, ShadowTables: []shadowTable{ordersOfGray}},
	} {
		b.Run(name, func(b *testing.B) {
			apply(s)
			ctx, c := context.Context(&Request{Context: anywhere}), &SQLConn{}
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				if _, err := p.Aim(ctx); err != nil {
					b.Fatal(err)
				}
				call, _ := p.Begin(ctx, text, nil)
				if _, err := c.Judge(ctx, p, text, true, nil); err != nil {
					b.Fatal(err)
				}
				call.End(nil)
				c.Freed()
			}
		})
	}
}
