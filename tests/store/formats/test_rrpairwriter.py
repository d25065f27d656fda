"""proxymock's Markdown: written and read back."""

from __future__ import annotations

from pathlib import Path

from ci_gate.store.formats import rrpairwriter
from tests.store.formats.exchanges import outgoing
from tests.store.formats.roundtrip import again, written
from tests.store.formats.samples import found


def test_round_trip(tmp_path: Path) -> None:
    """Every exchange is the same, also bodies that are no text or hold a fence."""
    again(tmp_path, rrpairwriter.write)


def test_for_people(tmp_path: Path) -> None:
    """Requests of clients lie in localhost; what people change in a file is what counts."""
    folder = written(tmp_path, rrpairwriter.write, outgoing())
    assert sorted(path.name for path in folder.iterdir()) == ["localhost", "pay.example"]
    first = min((folder / "localhost").iterdir())
    text = first.read_text()
    assert text.startswith(
        "### REQUEST ###\n```\nGET http://localhost:8080/orders/7?q=%20x&q=y HTTP/1.1\n"
    )
    assert "X-Two: a\\, b\n" in text
    assert '  "id": 7,\n' in text
    first.write_text(text.replace('  "id": 7,\n', '  "id": 9,\n'))
    bodies = [one.response.body for one in found(folder)]  # type: ignore[union-attr]  # HTTP
    assert any(isinstance(body, bytes) and b'"id": 9' in body for body in bodies)
