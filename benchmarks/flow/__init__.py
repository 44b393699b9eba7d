"""What entry and exit at a gate cost, beside others who do such things (docs/benchmarks.md)."""
