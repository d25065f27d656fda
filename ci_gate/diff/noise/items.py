"""What tells the items of arrays apart that come in several orders."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.diff.noise.held import plain_json


def key_of(lists: Sequence[list[object]]) -> str:
    """The first member whose values tell the items of every list apart, are the same in all lists,
    and come in several orders; "" when there is none."""
    objects = [[item for item in one if isinstance(item, dict)] for one in lists]
    if any(len(kept) < len(one) for kept, one in zip(objects, lists, strict=True)):
        return ""
    for key, example in (objects[0][0] if objects[0] else {}).items():
        if isinstance(example, dict | list):
            continue
        orders = [[plain_json(item.get(key)) for item in one] for one in objects]
        distinct = all(len(set(one)) == len(one) for one in orders)
        same = all(sorted(one) == sorted(orders[0]) for one in orders)
        if distinct and same:
            return key if any(one != orders[0] for one in orders) else ""
    return ""
