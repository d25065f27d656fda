"""What our own exports add to a format."""

from __future__ import annotations

import msgspec

from ci_gate.store.formats.ours import Ours, ours_in, ours_of
from tests.store.formats.exchanges import exchange


def test_written_and_read() -> None:
    """An exchange's own fields come back; what has a default is not written."""
    call = exchange("bb01-1", b"/charge", dependency="pay")
    written = msgspec.to_builtins(ours_of(call))
    assert written == {"id": "bb01-1", "groups": ("aa01-1",), "took": 4.0, "connection": 1}
    assert ours_in(written) == ours_of(call)
    assert (ours_of(call).session, Ours().session) == ("1", "")


def test_of_strangers() -> None:
    """What is not ours counts for nothing."""
    for told in (None, 7, [], {"id": [1]}, {"took": "soon"}):
        assert ours_in(told) == Ours()
