"""Data of a COPY."""

from __future__ import annotations

import pytest

from ci_gate.codecs.postgres.copying import Copying, may_copy
from ci_gate.codecs.postgres.said import Op
from ci_gate.model.message import PgStatement

ASKED = PgStatement("copy t from stdin", (), "query")


@pytest.mark.parametrize("end", [b"c", b"f"])
def test_the_data_belong_to_the_statement(end: bytes) -> None:
    """All that came until the client has ended it, one way or the other."""
    copying = Copying(Op(b"Q", ASKED))
    assert copying.hear(b"d", b"1\n") is None
    assert copying.hear(b"d", b"2\n") is None
    assert copying.hear(end, b"") == PgStatement("copy t from stdin", (), "query", False, b"1\n2\n")


def test_a_question_of_its_own() -> None:
    """Whether data are wanted at all is no COPY yet."""
    assert may_copy(ASKED) == PgStatement("copy t from stdin", (), "copy")
