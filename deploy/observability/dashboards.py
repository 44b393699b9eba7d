"""Write the dashboards for Grafana beside this file, into grafana/.

    python deploy/observability/dashboards.py

A dashboard is JSON of hundreds of lines of which a few say something: the queries, and where their
panels stand. These are here; what Grafana wants around them is made of it. A test compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "grafana"

WIDTH = 24
"""Columns of Grafana's grid."""

APPS = '{service_namespace="$namespace",service_name=~"$app"}'
ROUTES = '{service_namespace="$namespace",service_name=~"$app",http_route=~"$route"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query of Prometheus, and what its series are called."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel: a third of a row wide, unless said otherwise."""

    title: str
    queries: Sequence[Query]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A dashboard; `variables` are names of labels by the metric that has them."""

    uid: str
    title: str
    variables: dict[str, str]
    panels: Sequence[Panel]


def rate(metric: str, by: str, labels: str = APPS) -> str:
    """Return how often something happens a second."""
    return f"sum by ({by}) (rate({metric}{labels}[$__rate_interval]))"


def quantile(share: float, metric: str, by: str, labels: str = APPS) -> str:
    """Return the time that `share` of all stay below."""
    inner = f"sum by ({by}, le) (rate({metric}_bucket{labels}[$__rate_interval]))"
    return f"histogram_quantile({share}, {inner})"


HTTP = "http_server_request_duration_seconds"
CALL = "fairlead_call_duration_seconds"
FAILED = "fairlead_interface_errors_total"
PASSED, REJECTED = "fairlead_interface_passed_total", "fairlead_interface_rejected_total"
OPENED = APPS.replace("{", '{event="breaker_opened",')

SERVICES = Dashboard(
    uid="fairlead-services",
    title="fairlead: services",
    variables={"namespace": "service_namespace", "app": "service_name", "route": "http_route"},
    panels=[
        Panel(
            title="Requests",
            queries=[
                Query(expression=rate(f"{HTTP}_count", "service_name"), legend="{{service_name}}")
            ],
            unit="reqps",
        ),
        Panel(
            title="Failed",
            queries=[Query(expression=rate(FAILED, "service_name"), legend="{{service_name}}")],
            unit="reqps",
            help="An error came of it, or an answer from 500 on.",
        ),
        Panel(
            title="Response time, 99 %",
            queries=[
                Query(expression=quantile(0.99, HTTP, "service_name"), legend="{{service_name}}")
            ],
            unit="s",
        ),
        Panel(
            title="Requests by route",
            queries=[
                Query(
                    expression=rate(
                        f"{HTTP}_count", "service_name, http_request_method, http_route", ROUTES
                    ),
                    legend="{{service_name}} {{http_request_method}} {{http_route}}",
                )
            ],
            unit="reqps",
            width=12,
        ),
        Panel(
            title="Response time by route, 50 % and 99 %",
            queries=[
                Query(
                    expression=quantile(share, HTTP, "service_name, http_route", ROUTES),
                    legend=f"{{{{service_name}}}} {{{{http_route}}}} {share:.0%}",
                )
                for share in (0.5, 0.99)
            ],
            unit="s",
            width=12,
        ),
        Panel(
            title="Under way",
            queries=[
                Query(
                    expression=f"sum by (service_name, side) (fairlead_interface_inflight{APPS})",
                    legend="{{service_name}} {{side}}",
                )
            ],
        ),
        Panel(
            title="Calls to others",
            queries=[
                Query(
                    expression=rate(f"{CALL}_count", "service_name, to"),
                    legend="{{service_name}} → {{to}}",
                )
            ],
            unit="reqps",
        ),
        Panel(
            title="Calls to others, 99 %",
            queries=[
                Query(
                    expression=quantile(0.99, CALL, "service_name, to"),
                    legend="{{service_name}} → {{to}}",
                )
            ],
            unit="s",
        ),
    ],
)

RULES = Dashboard(
    uid="fairlead-rules",
    title="fairlead: rules and lanes",
    variables={"namespace": "service_namespace", "app": "service_name"},
    panels=[
        Panel(
            title="Rejected, by rule",
            queries=[
                Query(
                    expression=rate("fairlead_rule_rejected_total", "service_name, rule, reason"),
                    legend="{{service_name}} {{rule}} ({{reason}})",
                )
            ],
            unit="reqps",
            width=12,
        ),
        Panel(
            title="Would be rejected, by rule",
            queries=[
                Query(
                    expression=rate("fairlead_rule_simulated_total", "service_name, rule, reason"),
                    legend="{{service_name}} {{rule}} ({{reason}})",
                )
            ],
            unit="reqps",
            width=12,
            help="Rules in mode simulate reject nothing, and count what they would reject.",
        ),
        Panel(
            title="Rejected, of all that came",
            queries=[
                Query(
                    expression=(
                        f"{rate(REJECTED, 'service_name, interface')} / "
                        f"({rate(REJECTED, 'service_name, interface')} + "
                        f"{rate(PASSED, 'service_name, interface')})"
                    ),
                    legend="{{service_name}} {{interface}}",
                )
            ],
            unit="percentunit",
            width=12,
        ),
        Panel(
            title="Breakers that opened",
            queries=[
                Query(
                    expression=(
                        f"sum by (service_name, label) (increase(fairlead_events_total{OPENED}"
                        "[$__rate_interval]))"
                    ),
                    legend="{{service_name}} {{label}}",
                )
            ],
            width=12,
        ),
        Panel(
            title="Requests by lane",
            queries=[Query(expression=rate(f"{CALL}_count", "lane"), legend="{{lane}}")],
            unit="reqps",
            help="Calls between apps, by the lane of the request that made them; no name is base.",
        ),
        Panel(
            title="Served by base",
            queries=[
                Query(
                    expression=rate("fairlead_call_fallbacks_total", "to, lane"),
                    legend="{{lane}}: {{to}}",
                )
            ],
            unit="reqps",
            help="The lane has no instance of that app.",
        ),
        Panel(
            title="Labels lost",
            queries=[
                Query(
                    expression=rate("fairlead_call_lost_labels_total", "service_name, to"),
                    legend="{{service_name}} → {{to}}",
                )
            ],
            unit="reqps",
            help="Calls past the name of the app: what is behind them is on base.",
        ),
    ],
)

RUNTIME = Dashboard(
    uid="fairlead-runtime",
    title="fairlead: Python processes",
    variables={"namespace": "service_namespace", "app": "service_name"},
    panels=[
        Panel(
            title="CPU",
            queries=[
                Query(
                    expression=rate("process_cpu_time_seconds_total", "service_name, instance"),
                    legend="{{service_name}} {{instance}}",
                )
            ],
            help="Cores in use, of all workers of an instance.",
        ),
        Panel(
            title="Memory",
            queries=[
                Query(
                    expression=f"process_memory_usage_bytes{APPS}",
                    legend="{{service_name}} {{instance}}",
                )
            ],
            unit="bytes",
        ),
        Panel(
            title="Lag of the event loop",
            queries=[
                Query(
                    expression=f"fairlead_event_loop_lag_seconds{APPS}",
                    legend="{{service_name}} {{instance}}",
                )
            ],
            unit="s",
        ),
        Panel(
            title="Pauses of the garbage collector",
            queries=[
                Query(
                    expression=rate("fairlead_gc_pause_seconds_total", "service_name, instance"),
                    legend="{{service_name}} {{instance}}",
                )
            ],
            unit="percentunit",
        ),
        Panel(
            title="Threads",
            queries=[
                Query(
                    expression=f"process_thread_count{APPS}", legend="{{service_name}} {{instance}}"
                )
            ],
        ),
        Panel(
            title="Open files",
            queries=[
                Query(
                    expression=f"process_open_file_descriptor_count{APPS}",
                    legend="{{service_name}} {{instance}}",
                )
            ],
        ),
        Panel(
            title="Processes",
            queries=[
                Query(
                    expression=f"fairlead_processes{APPS}", legend="{{service_name}} {{instance}}"
                )
            ],
        ),
        Panel(
            title="What agents count of themselves",
            queries=[
                Query(
                    expression=rate("fairlead_events_total", "service_name, event"),
                    legend="{{service_name}} {{event}}",
                )
            ],
            unit="ops",
        ),
        Panel(
            title="Not measured",
            queries=[
                Query(
                    expression=rate("fairlead_telemetry_dropped_total", "service_name"),
                    legend="{{service_name}}",
                )
            ],
            unit="ops",
            help="Calls that were not measured to spare the application.",
        ),
    ],
)

DASHBOARDS = (SERVICES, RULES, RUNTIME)


OPTIONS = {
    "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
    "tooltip": {"mode": "multi", "sort": "desc"},
}
"""Of every panel: all that Grafana's schema asks for."""


def plain(dashboard: Dashboard) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it."""
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["fairlead"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "annotations": {"list": []},
        "templating": {"list": list(_variables(dashboard, source))},
        "panels": list(_panels(dashboard, source)),
    }


def _variables(dashboard: Dashboard, source: dict[str, str]) -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    scope: list[str] = []
    for name, label in dashboard.variables.items():
        metric = f"{HTTP}_count" if label == "http_route" else "process_memory_usage_bytes"
        several = name != "namespace"
        yield {
            "name": name,
            "label": name.capitalize(),
            "type": "query",
            "datasource": source,
            "query": f"label_values({metric}{{{','.join(scope)}}}, {label})",
            "refresh": 2,
            "sort": 1,
            "multi": several,
            "includeAll": several,
            "current": {"text": "All", "value": "$__all"}
            if several
            else {"text": "default", "value": "default"},
        }
        scope.append(f'{label}{"=~" if several else "="}"${name}"')


def _panels(dashboard: Dashboard, source: dict[str, str]) -> Iterator[dict[str, Any]]:
    x = y = 0
    for number, panel in enumerate(dashboard.panels, 1):
        if x + panel.width > WIDTH:
            x, y = 0, y + panel.height
        yield {
            "id": number,
            "title": panel.title,
            "description": panel.help,
            "type": panel.kind,
            "datasource": source,
            "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
            "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
            "options": OPTIONS,
            "targets": [
                {
                    "refId": chr(65 + at),
                    "datasource": source,
                    "expr": query.expression,
                    "legendFormat": query.legend,
                }
                for at, query in enumerate(panel.queries)
            ],
        }
        x += panel.width


def texts() -> dict[str, str]:
    """Return the text of each dashboard by the name of its file."""
    return {
        f"{one.uid}.json": json.dumps(plain(one), indent=2, ensure_ascii=False) + "\n"
        for one in DASHBOARDS
    }


if __name__ == "__main__":
    for name, text in texts().items():
        (FOLDER / name).write_text(text, "utf-8")
