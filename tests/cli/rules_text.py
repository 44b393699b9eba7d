"""Files that people write."""

from __future__ import annotations

RULE = """apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLabelRule
metadata: {name: NAME}
spec:
  selector: {app: gateway}
  trafficLabel: gray
  match:
  - {condition: "==", type: header, key: x-user, value: VALUE}
"""

LANE = """apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: NAME, labels: {app: gateway, team: a}}
spec:
  rules:
    traffic: {http: {headers: {x-tenant: {exact: acme}}}}
    lane: {name: blue}
"""


def rule(name: str = "rule", value: str = "a") -> str:
    """Return a TrafficLabelRule."""
    return RULE.replace("NAME", name).replace("VALUE", value)


def lane(name: str = "lane") -> str:
    """Return a TrafficLane."""
    return LANE.replace("NAME", name)
