"""Labels of workloads as pairs, foreign spellings of a bare label under the one key `tag`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

TAG = "tag"
"""Key of a label that is written without one (contract 1)."""

FOREIGN_TAGS = frozenset(("traffic.opensergo.io/label", "alicloud.service.tag"))

UNTAGGED = "_base"
"""Value of a label in a selector: workloads that do not have it (OpenSergo's VirtualWorkloads)."""

Pairs = tuple[tuple[str, str], ...]


def pairs(labels: Mapping[str, str] | Iterable[tuple[str, str]]) -> Pairs:
    """Return `labels` as pairs in order of key and value, none twice."""
    items = labels.items() if isinstance(labels, Mapping) else labels
    return tuple(sorted({(TAG if key in FOREIGN_TAGS else key, value) for key, value in items}))


def satisfied(selector: Pairs, app: str, labels: Iterable[tuple[str, str]]) -> bool:
    """Whether a workload of `app` with `labels` carries everything in `selector`."""
    carried = frozenset((*labels, ("app", app)))
    if all(pair in carried for pair in selector):
        return True
    keys = {key for key, _ in carried}
    return all(
        pair in carried or (pair[1] == UNTAGGED and pair[0] not in keys) for pair in selector
    )
