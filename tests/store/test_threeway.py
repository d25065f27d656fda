"""Two edits of one file of a snapshot."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ci_gate.store.layout import Layout
from ci_gate.store.threeway import merge
from tests.store.formats.exchanges import exchange, snapshot


def file_of(*exchanges: Any, route: str = "GET /a") -> bytes:
    """A file of inbound exchanges, as a snapshot has it."""
    routed = tuple(msgspec.structs.replace(one, route=route) for one in exchanges)
    whole = msgspec.structs.replace(snapshot(), inbound=routed, outbound=())
    files = dict(Layout(whole).files())
    return next(data for path, data in files.items() if path.startswith("inbound/"))


ONE = exchange("aa01-1", b"/a", at=1.0, answer=b'{"n": 1.0, "m": 1e3}')
TWO = exchange("aa02-1", b"/a", at=5.0, answer=b'{"x": 1, "y": 2}')
NEW = exchange("aa03-1", b"/a", at=3.0)
OTHER = exchange("aa04-1", b"/a", at=9.0)


def test_independent_edits_settle() -> None:
    """One side adds, the other removes and adds: all of it, in the order of time, as written."""
    merged = merge(file_of(ONE, TWO), file_of(ONE, NEW, TWO), file_of(ONE, OTHER))
    assert merged.conflicts == ()
    assert merged.data == file_of(ONE, NEW, OTHER)


def test_fields_of_one_exchange() -> None:
    """Different fields of one answer, changed on each side; numbers keep their digits."""
    ours = exchange("aa02-1", b"/a", at=5.0, answer=b'{"x": 10, "y": 2}')
    theirs = exchange("aa02-1", b"/a", at=5.0, answer=b'{"x": 1, "y": 2.50}', status=202)
    merged = merge(file_of(ONE, TWO), file_of(ONE, ours), file_of(ONE, theirs))
    assert merged.conflicts == ()
    both = exchange("aa02-1", b"/a", at=5.0, answer=b'{"x": 10, "y": 2.50}', status=202)
    assert merged.data == file_of(ONE, both)


def test_conflicts() -> None:
    """The same field said otherwise: ours stays, and the place is told. A time is no conflict."""
    ours = exchange("aa02-1", b"/a", at=5.5, answer=b'{"x": 10, "y": 2}')
    theirs = exchange("aa02-1", b"/a", at=5.9, answer=b'{"x": 11, "y": 2}')
    merged = merge(file_of(ONE, TWO), file_of(ONE, ours), file_of(ONE, theirs))
    assert merged.conflicts == ("exchanges[aa02-1].response.body.json.x",)
    assert merged.data == file_of(ONE, ours)
    gone = merge(file_of(ONE, TWO), file_of(ONE), file_of(ONE, theirs))
    assert gone.conflicts == ("exchanges[aa02-1]",)


def test_a_new_file_on_both_sides() -> None:
    """Without a common ancestor."""
    merged = merge(b"", file_of(ONE), file_of(TWO))
    assert (merged.data, merged.conflicts) == (file_of(ONE, TWO), ())


def test_lists_of_places() -> None:
    """Noise by its place, notes by their text."""
    base = b'{"noise": [{"at": "a", "kind": "x"}], "notes": ["n"]}'
    ours = b'{"noise": [{"at": "a", "kind": "y"}], "notes": ["n", "o"]}'
    theirs = b'{"noise": [{"at": "a", "kind": "x"}, {"at": "b"}], "notes": []}'
    merged = merge(base, ours, theirs)
    assert merged.conflicts == ()
    assert json.loads(merged.data) == {
        "noise": [{"at": "a", "kind": "y"}, {"at": "b"}],
        "notes": ["o"],
    }


def test_what_is_no_json() -> None:
    """Refused."""
    with pytest.raises((ValueError, msgspec.MsgspecError)):
        merge(b"{}", b"{<<<<", b"{1")
