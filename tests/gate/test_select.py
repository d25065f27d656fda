"""Choosing exchanges: ids, beginnings, JMESPath; and that mistakes are errors, never nothing."""

from __future__ import annotations

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.select import inbound_of, select, with_routes
from ci_gate.model.snapshot import Snapshot

A, B, C, D, E = (f"{letter * 4}1111-1" for letter in "abcde")


@pytest.mark.parametrize(
    ("expressions", "ids"),
    [
        ((), (D, A, C, E, B)),
        ((B, A), (A, B)),
        (("aaaa", "cccc1111-1"), (A, C)),
        (("response.status == `500`",), (B,)),
        (("response.status >= `200` && dependency == ''",), (A, B)),
        (("request.headers.\"x-id\"[1] == 'two'",), (A,)),
        (("request.query.x",), (A,)),
        (("response.body.items[?price > `2`]",), (A,)),
        (("response.body.nothing.of.that",), ()),
        (("contains(response.body.currency, 'eu')",), (C,)),
        (("starts_with(route, 'POST')",), (A, C)),
        (("contains(groups, 'startup')",), (D,)),
        (("error",), (E,)),
        (("response == `null`",), (E,)),
        (("@.response.body.id",), (A,)),
        (("`0`",), (D, A, C, E, B)),
    ],
)
def test_select(recorded: Snapshot, expressions: tuple[str, ...], ids: tuple[str, ...]) -> None:
    """Any of the expressions selects; the order is the recorded one."""
    assert select(recorded, expressions) == ids


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("ffff", "ffff: the snapshot has no exchange whose id is or begins so"),
        ("aaaa1111-2", "aaaa1111-2: the snapshot has no exchange"),
        ("response.stauts == `500`", "there is no field stauts; did you mean status?"),
        ("respnse", "there is no field respnse"),
        ("request.status", "there is no field status"),
        ("a ==", "neither an id nor JMESPath"),
        ("", "neither an id nor JMESPath"),
        ("lenght(route)", "Unknown function: lenght()"),
        ("[" * 3000, "neither an id nor JMESPath"),
    ],
)
def test_mistakes_are_errors(recorded: Snapshot, expression: str, complaint: str) -> None:
    """A typing error never selects nothing silently."""
    with pytest.raises(UsageError) as caught:
        select(recorded, (expression,))
    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 400


def test_inbound_of(recorded: Snapshot) -> None:
    """Calls stand for the requests that caused them; startup calls for none."""
    assert inbound_of(recorded, (E, B)) == (A, B)
    assert inbound_of(recorded, (D,)) == ()


def test_with_routes(recorded: Snapshot) -> None:
    """Configured routes rename the recorded ones."""
    named = with_routes(recorded, ("GET /orders/{order}",))
    assert [exchange.route for exchange in named.inbound] == ["POST /orders", "GET /orders/{order}"]
    assert with_routes(recorded, ()) is recorded
