"""What the agent costs in a Go program: `make bench-go`."""
