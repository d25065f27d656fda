"""Recordings that are broken in every way: a clear error or an import, never a traceback."""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_gate.config.importing import ImportOptions
from ci_gate.errors import UsageError
from ci_gate.gate.events import ignore
from ci_gate.gate.importing import import_recording
from ci_gate.store.formats.found import Item, ReadOptions
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.table import named
from tests.gate.test_importing import KEY
from tests.store.formats.inputs import MADE
from tests.store.formats.many import MANY
from tests.store.formats.test_har import entry, har

TOKENS = (
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"-1", b"1e999", b"\x00", b"\xff\xfe", b"\r\n",
    b"true", b"[" * 300, b'{"a":' * 300, b"9" * 400, b"HTTP/1.1", b"\n---\n", b"&a *a", b"```", b"{{x}}",
    b"https://[::1", b"\xed\xa0\x80", b"\\ud800", b"2026-99-99T99:99:99Z", b"!!binary ", b"%00", b"999:",
)  # fmt: skip

EACH = 10
"""Broken recordings of one example."""
Edit = tuple[int, int, bytes]
edits = st.lists(
    st.tuples(
        st.integers(0, 1 << 20), st.integers(0, 40), st.sampled_from(TOKENS) | st.binary(max_size=6)
    ),
    min_size=1,
    max_size=4,
)


def more(seed: int) -> Iterator[list[Edit]]:
    """The others of an example."""
    dice = random.Random(seed)
    for _ in range(EACH - 1):
        yield [
            (
                dice.randrange(1 << 20),
                dice.choice((0, 0, 1, 2, 5, 40)),
                dice.choice(TOKENS) if dice.random() < 0.6 else dice.randbytes(dice.randrange(5)),
            )
            for _ in range(dice.randrange(1, 5))
        ]


def files(folder: Path) -> dict[str, bytes]:
    """The files of a recording."""
    if folder.is_file():
        return {"": folder.read_bytes()}
    return {
        str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def broken(data: bytes, changes: list[Edit]) -> bytes:
    """With bytes taken out and others put in."""
    for place, length, new in changes:
        at = place % (len(data) + 1)
        data = data[:at] + new + data[at + length :]
    return data


class Broken:
    """One recording that is broken again and again, in a folder of its own."""

    def __init__(self, form: str, folder: Path, every: int) -> None:
        self.every = every
        """One of so many is imported to its end."""
        self.form = named(form)
        self.folder = folder
        self.path = MADE[form](folder / "in")
        self.whole = files(self.path)
        self.names = sorted(self.whole)
        self.count = 0

    def read(self, which: int, changes: list[Edit]) -> list[Item]:
        """What the reader makes of it. Raises UsageError."""
        name = self.names[which % len(self.names)]
        path = self.path / name if name else self.path
        path.write_bytes(broken(self.whole[name], changes))
        try:
            items = list(self.form.read(Source(str(self.path)), ReadOptions()))
            self.count += 1
            if self.count % self.every == 0:
                self.bring()
            return items
        finally:
            path.write_bytes(self.whole[name])

    def bring(self) -> None:
        """Import it to its end. Raises UsageError."""
        out = self.folder / "snapshot"
        shutil.rmtree(out, ignore_errors=True)
        options = ImportOptions(
            path=str(self.path), out=str(out), format=self.form.name, lenient=True,
            redaction_key=KEY, service="s",
        )  # fmt: skip
        import_recording(options, ignore)


def check(form: str, folder: Path, examples: int, every: int) -> None:
    """Break a recording so often."""
    (folder / "in").mkdir()
    one = Broken(form, folder, every)

    @settings(
        max_examples=examples // EACH,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(st.integers(0, 9), edits, st.integers(0, 1 << 30))
    def again(which: int, changes: list[Edit], seed: int) -> None:
        # Drawing costs more than reading: most of them come of a seed.
        for edit in (changes, *more(seed)):
            with contextlib.suppress(UsageError):
                for item in one.read(which, edit):
                    assert isinstance(item, Item)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    again()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes; the inputs themselves are small.
    assert after - before < 100_000


@pytest.mark.parametrize("form", MADE)
def test_a_few(form: str, tmp_path: Path) -> None:
    """A quick look at each reader."""
    check(form, tmp_path, 100, 50)


@pytest.mark.long
@pytest.mark.parametrize("form", MADE)
def test_ten_thousand(form: str, tmp_path: Path) -> None:
    """Each reader, ten thousand times."""
    check(form, tmp_path, 10_000, 200)


@pytest.mark.long
def test_memory(tmp_path: Path) -> None:
    """A large recording takes no more than twice its size and 100 MB."""
    text = "some words of a page; " * 900
    entries = [
        entry(
            f"http://shop.example/page/{number}", response={"content": {"text": f"{number} {text}"}}
        )
        for number in range(1000)
    ]
    path = har(tmp_path, *entries)
    assert peak(path) < 2 * path.stat().st_size + 100_000_000


@pytest.mark.long
@pytest.mark.parametrize(
    ("form", "count"), [*((form, 20_000) for form in MANY), ("wiremock", 50_000)]
)
def test_memory_of_many_small_exchanges(form: str, count: int, tmp_path: Path) -> None:
    """Very many exchanges of a hundred bytes or a few take no more either, in any format; the
    format that says least of each is looked at further on."""
    path = MANY[form](tmp_path, count)
    size = sum(map(len, files(path).values()))
    assert peak(path) < 2 * size + 100_000_000


def peak(path: Path) -> int:
    """The most bytes of memory that importing the recording takes."""
    code = (
        "import sys; from ci_gate.cli.main import execute; code = execute(sys.argv[1:]);"
        # Not ru_maxrss, which a process has from who started it.
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "import", str(path), "--out", "s", "--quiet"],
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(path.parent / "state")},
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout) * 1024


def test_bombs(tmp_path: Path) -> None:
    """A file that unpacks to far more than it is, and one that is nothing but brackets."""
    bomb = tmp_path / "x.gor.gz"
    bomb.write_bytes(gzip.compress(b"1 a 1\n" + b"x" * 20_000_000))
    with pytest.raises(UsageError):
        import_recording(
            ImportOptions(path=str(bomb), out=str(tmp_path / "s"), redaction_key=KEY), ignore
        )
    deep = tmp_path / "x.har"
    deep.write_bytes(b'{"log": {"entries": ' + b"[" * random.Random(1).randint(5000, 6000))
    with pytest.raises(UsageError):
        import_recording(
            ImportOptions(path=str(deep), out=str(tmp_path / "s"), redaction_key=KEY), ignore
        )
