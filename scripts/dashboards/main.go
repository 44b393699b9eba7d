// Command dashboards reads dashboards as Grafana's published schema has them: fields that it does
// not know, values of another type, and limits that are broken are said, and the exit status is 1.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func check(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var read dashboard.Dashboard
	if err := read.UnmarshalJSONStrict(raw); err != nil && err.Error() != "" {
		return err
	}
	if len(read.Panels) == 0 {
		return fmt.Errorf("no panel was read")
	}
	return read.Validate()
}

func main() {
	plugins.RegisterDefaultPlugins()
	status := 0
	for _, path := range os.Args[1:] {
		// A list of errors without one in it is an error to Go, too.
		if err := check(path); err != nil && err.Error() != "" {
			fmt.Printf("%s: %v\n", path, err)
			status = 1
		}
	}
	os.Exit(status)
}
