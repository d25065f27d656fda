"""Large bodies: decoded, redacted and hashed on their way, or kept as size and hash."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import pytest

from ci_gate.codecs.http1.coding import encode
from ci_gate.model.message import Opaque, Stored
from ci_gate.recorder.bodies import LargeBody, OpaqueBody
from ci_gate.store.bodies import BodyWriter, read_body
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns

KEY = b"k" * 32
TEXT = b"a line of text about nothing at all\n" * 40_000


class Scene:
    """A body on its way to a folder."""

    def __init__(self, folder: Path, coding: str) -> None:
        self.folder = str(folder)
        self.notes: list[str] = []
        redactor = Redactor(StandIns(KEY)).stream()
        self.body = LargeBody(coding, redactor, BodyWriter(self.folder), KEY, self.notes.append)

    def write(self, data: bytes, size: int = 70_000) -> None:
        """All of it, some at a time."""
        for at in range(0, len(data), size):
            self.body.write(data[at : at + size])

    def files(self) -> list[str]:
        """What lies in the folder."""
        return [name for _, _, names in os.walk(self.folder) for name in names]


@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd", "deflate"])
def test_every_coding_is_undone(tmp_path: Path, coding: str) -> None:
    """The file holds the plain body, named by its hash."""
    scene = Scene(tmp_path, coding)
    scene.write(encode(TEXT, coding) if coding else TEXT)
    stored, undone = scene.body.finish()
    assert stored == Stored(hashlib.sha256(TEXT).hexdigest(), len(TEXT))
    assert undone == coding
    assert read_body(scene.folder, stored) == TEXT
    assert scene.notes == []


def test_no_secret_reaches_the_disk(tmp_path: Path) -> None:
    """Secrets are replaced before anything is written, wherever the body was cut."""
    scene = Scene(tmp_path, "gzip")
    scene.write(encode(TEXT + b"write to bob@corp.example.com\n" + TEXT, "gzip"), 1000)
    stored, _ = scene.body.finish()
    assert isinstance(stored, Stored)
    data = read_body(scene.folder, stored)
    assert b"bob@corp" not in data
    assert data.startswith(TEXT)
    assert data.endswith(TEXT)


@pytest.mark.parametrize(
    ("coding", "data"),
    [("gzip", b"not gzip" * 200_000), ("gzip", encode(TEXT, "gzip")[:-5]), ("what", TEXT)],
    ids=["broken", "cut off", "unknown"],
)
def test_what_cannot_be_undone(tmp_path: Path, coding: str, data: bytes) -> None:
    """Size and keyed hash are kept, one note is made, and no file is left."""
    scene = Scene(tmp_path, coding)
    scene.write(data)
    kept, undone = scene.body.finish()
    assert kept == Opaque(len(data), hmac.digest(KEY, data, "sha256").hex())
    assert undone == ""
    assert len(scene.notes) == 1
    assert scene.files() == []


def test_aborted(tmp_path: Path) -> None:
    """Nothing is left of a body that broke off; what still comes is harmless."""
    scene = Scene(tmp_path, "")
    scene.write(TEXT)
    scene.body.abort()
    scene.write(TEXT)
    scene.body.abort()
    assert scene.files() == []


def test_opaque() -> None:
    """Bytes that no codec understands are counted and hashed."""
    body = OpaqueBody(KEY)
    body.write(b"\x00\x01")
    body.write(b"\x02")
    body.abort()
    assert body.finish() == (Opaque(3, hmac.digest(KEY, b"\x00\x01\x02", "sha256").hex()), "")
