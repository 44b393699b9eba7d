"""What a push to thousands of xDS streams costs: `make bench-push`."""
