"""The checker of fields that JMESPath expressions name."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.errors import UsageError
from ci_gate.policy.fields import ANY, check_fields

SCHEMA: dict[str, Any] = {
    "request": {"method": None, "headers": {"*": [None]}, "body": ANY},
    "items": [{"id": None, "tags": [None], "inner": {"x": None}}],
    "route": None,
}


@pytest.mark.parametrize(
    "text",
    [
        "request.method == 'GET'",
        "request.headers.anything[0]",
        "request.headers.*[0]",
        "request.body.whatever.deep[0].field",
        "items[0].inner.x",
        "items[].tags[]",
        "items[*].tags[*]",
        "items[?id == `1`].inner.x | [0]",
        "items[1:2].id",
        "sort_by(items, &id)[0].inner.x",
        "reverse(items)[].id",
        "{a: items[0]}.a.id",
        "[items[0], request][1].method",
        "request.headers.*",
        "request.* | [0].method",
        "items | [0] | id",
        "!(route) || contains(route, 'a')",
        "@",
        '`{"a": 1}`.b',
        "length(items[?inner.x > `1`])",
    ],
)
def test_known_fields_pass(text: str) -> None:
    """Everything that the schema has, and anything below an open place, is accepted."""
    check_fields(text, SCHEMA, "x")


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "request.nothing",
        "request.method.nothing",
        "items.id",
        "items[0].nothing",
        "items[].nothing",
        "items[*].tags[*].nothing",
        "items[?nothing]",
        "items[0].inner | nothing",
        "items[1:2].nothing",
        "sort_by(items, &nothing)",
        "max_by(items, &nothing)",
        "max_by(items, &id).nothing",
        "{a: items[0]}.b",
        "{a: nothing}",
        "[nothing]",
        "!nothing",
        "route && nothing",
        "nothing == `1`",
        "length(nothing)",
        "items[0][0].id.x",
    ],
)
def test_unknown_fields_are_refused(text: str) -> None:
    """A field that cannot be there is an error wherever it stands."""
    with pytest.raises(UsageError, match=r"^here: .*(field|list)"):
        check_fields(text, SCHEMA, "here")


def test_not_jmespath_is_refused() -> None:
    """What does not parse is an error that says where."""
    with pytest.raises(UsageError, match=r"^here: "):
        check_fields("a ==", SCHEMA, "here")
