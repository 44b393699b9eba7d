"""``fairlead explain call``: asked of a real control plane."""

from __future__ import annotations

import json

from tests.cli.conftest import Say

RULES = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ext}
spec:
  hosts: [ext.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.9}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ext}
spec:
  hosts: [ext.example]
  http: [{match: [{uri: {prefix: /a}}], directResponse: {status: 418}}]
"""


def test_a_call_is_explained(say: Say, namespace: str):
    assert say("apply", "-f", "-", "-n", namespace, stdin=RULES.encode()).status == 0
    words = ("explain", "call", "http://ext.example/a", "--app", "web", "-n", namespace)
    for _ in range(100):
        told = say(*words)
        if "418" in told.out:
            break
    assert "1 taken: VirtualService/ext http[0], if path prefix /a" in told.out
    assert "so:         answered with 418 at once" in told.out
    assert json.loads(say(*words, "-o", "json").out)["taken"]["status"] == 418


def test_what_is_asked_wrongly_is_said(say: Say):
    assert say("explain", "call", "https://a/", "--app", "web").status != 0
    found = say("explain", "call", "http://a/", "--app", "web", "-H", "x")
    assert "write 'name: value'" in found.err
