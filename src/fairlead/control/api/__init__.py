"""The Kubernetes-style REST API, and the endpoints of agents beside it."""
