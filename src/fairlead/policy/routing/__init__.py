"""Routing: what an Envoy RouteConfiguration says, as plain data, and who decides by it."""
