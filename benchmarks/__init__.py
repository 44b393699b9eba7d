"""What fairlead costs and how fast a rule arrives, measured; docs/benchmarks.md explains it."""
