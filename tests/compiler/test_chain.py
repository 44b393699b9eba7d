"""A request from hop to hop, along calls that were observed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fairlead.compiler import Instance, World
from fairlead.compiler.chain import MOST_BREADTH, MOST_DEPTH, MOST_HOPS, chain
from fairlead.compiler.request import Question
from fairlead.compiler.seen import Calls, Interface, Seen, Sight
from fairlead.kinds import parse
from tests.compiler.golden_case import world as golden

ARTICLE = Path(__file__).parent / "golden" / "traffic-label-rule-article" / "in.yaml"
GRAY = {"app": "spring-cloud-zuul", "path": "/A/a", "headers": {"Location": "cn-shenzhen"}}


def calls(callee: str, lane: str = "gray", count: int = 5, **more: Any) -> Calls:
    """Calls of a lane to an app, served on the lane unless said otherwise."""
    namespace, _, app = callee.rpartition("/")
    where = (namespace or "default", app)
    return Calls(callee=where, **{"label": lane, "lane": lane, "calls": count, **more})


def sight(**apps: Seen | tuple[Calls, ...]) -> Sight:
    """What was seen: of an app by name, what it called or everything."""
    found = {
        ("default", name.replace("_", "-")): (
            seen if isinstance(seen, Seen) else Seen(told=True, calls=seen)
        )
        for name, seen in apps.items()
    }
    return Sight(apps=found)


def hops(found: World, seen: Sight, **query: Any) -> list[dict[str, Any]]:
    """Return the hops of an answer."""
    answer: list[dict[str, Any]] = chain(found, Question.of({**GRAY, **query}), seen)["hops"]
    return answer


def article(seen: Sight, **query: Any) -> list[dict[str, Any]]:
    """Return the hops of an answer in the world of the article."""
    return hops(golden(ARTICLE)[0], seen, **query)


def codes(hop: dict[str, Any]) -> list[str]:
    """Return what there is to note of a hop."""
    return [note["code"] for note in hop["notes"]]


def small(*objects: dict[str, Any], **apps: str | None) -> World:
    """Return a world of a base instance of each app, in the order of ports; a lane beside it."""
    instances = []
    for place, (app, lane) in enumerate(apps.items()):
        instances.append(
            Instance(namespace="default", app=app, address=f"127.0.0.1:{8000 + place}")
        )
        if lane:
            address = f"127.0.0.1:{9000 + place}"
            instances.append(Instance(namespace="default", app=app, address=address, lane=lane))
    return World.of([parse(plain) for plain in objects], instances, 1)


ALL = {"condition": "percentage", "value": 100}
"""A condition that holds of every request."""


def rule(app: str, match: Any = ALL, name: str = "rule", label: str = "gray") -> Any:
    """A rule that colours."""
    return {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "TrafficLabelRule",
        "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "trafficLabel": label, "match": [match]},
    }


def limit(name: str, app: str, target: str, threshold: int, **more: Any) -> Any:
    """A limit."""
    rate = {"statDuration": "1s", "threshold": threshold, **more}
    return {
        "apiVersion": "fault-tolerance.opensergo.io/v1alpha1",
        "kind": "FlowControl",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {
            "targets": [{"targetResourceName": target}],
            "strategies": [{"rateLimit": rate}],
        },
    }


def test_a_request_is_followed_from_app_to_app_with_who_serves_it_at_each():
    """The question of a gray request that ends on base: at which hop, and why."""
    seen = sight(
        spring_cloud_zuul=(calls("a", count=30), calls("a", "", 300)),
        a=(calls("b", lane="gray", fallbacks=30),),
        b=(calls("c"),),
        c=(),
    )

    found = article(seen)

    assert [(hop["app"], hop["depth"], hop["from"], hop["lane"]) for hop in found] == [
        ("spring-cloud-zuul", 0, None, "gray"),
        ("a", 1, 0, "gray"),
        ("b", 2, 1, "gray"),
        ("c", 3, 2, "gray"),
    ]
    assert [(hop["side"], hop["endpoints"]) for hop in found] == [
        ("entry", ["127.0.0.1:8000"]),
        ("lane", ["127.0.0.1:8101"]),
        ("base", ["127.0.0.1:8002"]),
        ("lane", ["127.0.0.1:8103"]),
    ]
    assert found[0]["winner"] == "TrafficLabelRule/my-traffic-label-rule"
    assert found[1]["fallback"] == ["127.0.0.1:8001"]
    assert found[1]["observed"] | {"calls": 330, "onLane": 30} == found[1]["observed"]
    assert codes(found[2]) == ["fallback"]


def test_what_nobody_observed_is_not_made_up():
    """An answer that guesses the next hop is believed, and wrong."""
    found = article(sight(spring_cloud_zuul=(calls("a"),), a=Seen(told=True)))
    assert [(hop["app"], hop["calls"]) for hop in found] == [
        ("spring-cloud-zuul", "followed"),
        ("a", "none seen"),
    ]
    assert found[1]["says"] == "no calls observed from a in the last hour"

    (alone,) = article(sight(spring_cloud_zuul=Seen()))
    assert alone["calls"] == "silent"
    assert alone["says"] == "no agent of spring-cloud-zuul reported anything in the last hour"


def test_calls_that_come_back_are_named_as_a_cycle():
    """A retry storm between two apps looks like an endless chain otherwise."""
    found = article(sight(spring_cloud_zuul=(calls("a"),), a=(calls("b"),), b=(calls("a"),)))
    assert [hop["calls"] for hop in found] == ["followed", "followed", "followed", "cycle"]
    assert found[3]["says"] == "calls come back: a → b → a"


def test_what_two_apps_call_is_told_once():
    """A diamond of ten layers would be a thousand hops."""
    seen = sight(spring_cloud_zuul=(calls("a"), calls("b")), a=(calls("c"),), b=(calls("c"),), c=())
    found = article(seen)
    assert [(hop["app"], hop["calls"], hop["same"]) for hop in found] == [
        ("spring-cloud-zuul", "followed", None),
        ("a", "followed", None),
        ("c", "none seen", None),
        ("b", "followed", None),
        ("c", "told", 2),
    ]


def test_depth_and_breadth_have_bounds_that_are_told():
    """The graph is the network's: an answer must not be."""
    deep = {f"app{n}": None for n in range(MOST_DEPTH + 4)}
    found = small(**deep)
    seen = sight(**{f"app{n}": (calls(f"app{n + 1}", ""),) for n in range(MOST_DEPTH + 3)})
    line = hops(found, seen, app="app0", headers={})
    assert len(line) == MOST_DEPTH + 1
    assert line[-1]["calls"] == "cut"

    wide = small(**{f"app{n:03}": None for n in range(200)})
    fan = {f"app{n:03}": tuple(calls(f"app{m:03}", "") for m in range(200)) for n in range(200)}
    many = hops(wide, sight(**fan), app="app000", headers={})
    assert len(many) <= MOST_HOPS
    assert many[0]["leftOut"] == 200 - MOST_BREADTH
    assert sum(hop["from"] == 0 for hop in many) == MOST_BREADTH


def test_a_label_that_is_lost_is_told_where():
    """The most frequent fault of a full-link lane, and the hardest to find."""
    seen = sight(
        spring_cloud_zuul=(calls("a"), calls("c", lost=4)),
        a=Seen(
            told=True,
            calls=(calls("b", ""),),
            interfaces=(Interface(name="GET:/A", lane="gray", calls=9),),
        ),
    )
    entry, a, b, c = article(seen)
    assert codes(entry) == []
    assert codes(a) == ["not passed on"]
    assert codes(b) == ["fallback", "other lanes"]
    assert "4 calls of lane gray were sent to c without their label" in c["notes"][0]["text"]


def test_an_entry_behind_the_first_decides_anew_and_says_what_it_would_need_to_know():
    """Contract 7: it takes the label away. Which headers its caller sends is nobody's to guess."""
    header = {"type": "header", "key": "x-user", "condition": "==", "value": "vip"}
    found = small(
        rule("front"),
        rule("inner", header, name="by-header", label="red"),
        rule("inner", name="for-all", label="blue"),
        front="gray",
        inner="blue",
    )
    _, inner = hops(found, sight(front=(calls("inner"),), inner=()), app="front", headers={})
    assert inner["lane"] == "blue"
    assert inner["winner"] == "TrafficLabelRule/for-all"
    assert inner["possible"] == [{"rule": "TrafficLabelRule/by-header", "lane": "red"}]
    assert [one["result"] for one in inner["rules"]] == ["possible", "won"]
    assert inner["rules"][0]["conditions"][0]["holds"] == "unknown"
    assert "decided anew" in codes(inner)


def test_limits_are_told_at_each_hop_with_the_one_that_decides():
    """Of two limits on one route the stricter one is what a caller feels."""
    found = small(
        limit("at-most-100", "cart", "GET:/cart", 100),
        limit("at-most-10", "cart", "GET:/cart", 10),
        limit("trial", "cart", "GET:/cart", 1, mode="simulate"),
        limit("to-cart", "web", "call:cart", 50),
        limit("elsewhere", "cart", "GET:/other", 7),
        web=None,
        cart=None,
    )
    served = Interface(name="GET:/cart", calls=5)
    seen = sight(web=(calls("cart", ""),), cart=Seen(told=True, interfaces=(served,)))

    _, cart = hops(found, seen, app="web", headers={})

    assert [(one["rule"], one["at"], one["result"]) for one in cart["limits"]] == [
        ("FlowControl/to-cart", "caller", "decides"),
        ("FlowControl/at-most-10", "callee", "decides"),
        ("FlowControl/at-most-100", "callee", "lost"),
        ("FlowControl/trial", "callee", "counts"),
    ]
    assert cart["limits"][2]["why"] == "FlowControl/at-most-10 is stricter (10 in 1 s): both hold"
    assert cart["interfaces"] == [{"name": "GET:/cart", "lane": "", "calls": 5}]


def test_shadow_tables_of_the_lane_are_told_where_the_request_is_on_it():
    """S1-07: which table a gray order is written to is the end of the chain."""
    shadow = {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "WorkloadLabelRule",
        "metadata": {"name": "gray-orders"},
        "spec": {
            "selector": {"db": "shop", "table": "orders_gray"},
            "workloadLabels": ["gray"],
        },
    }
    found = small(rule("front"), shadow, front=None, orders="gray")
    seen = sight(front=(calls("orders"),), orders=Seen(told=True, statements=True))
    _, orders = hops(found, seen, app="front", headers={})
    assert orders["shadows"] == [
        {"rule": "WorkloadLabelRule/gray-orders", "of": "shop.orders", "shadow": "orders_gray"}
    ]
    assert orders["statements"]


def test_a_call_that_nobody_serves_ends_the_chain_there():
    """The next hop of a call that fails is no hop."""
    found = World.of([], [Instance(namespace="default", app="web", address="127.0.0.1:1")], 1)
    seen = sight(web=(calls("gone", ""),), gone=(calls("web", ""),))
    _, gone = hops(found, seen, app="web", headers={})
    assert (gone["calls"], gone["known"], gone["side"]) == ("nobody", False, "none")


def test_an_app_of_a_namespace_that_may_not_be_read_is_named_and_no_more():
    """That it is called is the caller's to know, what it does there is not."""
    found = World.of(
        [],
        [
            Instance(namespace="default", app="web", address="127.0.0.1:1"),
            Instance(namespace="bank", app="ledger", address="127.0.0.1:2"),
        ],
        1,
    )
    seen = Sight(
        apps={
            ("default", "web"): Seen(told=True, calls=(calls("bank/ledger", ""),)),
            ("bank", "ledger"): Seen(told=True, interfaces=(Interface(name="GET:/secret"),)),
        },
        readable=frozenset(["default"]),
    )
    _, ledger = hops(found, seen, app="web", headers={})
    assert (ledger["app"], ledger["namespace"], ledger["calls"]) == ("ledger", "bank", "elsewhere")
    assert (ledger["interfaces"], ledger["limits"]) == ([], [])
