"""Istio's rules about routes, as routes of the one table that every data plane has.

`form.Ruled` is a route and whom it is for. `routes.ruled` makes them of one object's list; clusters
are named with hosts as their author wrote them, until `hosts.Names` says which app is meant. What
kinds of other groups say of routes comes to the same form.
"""
