"""Many files replaced as one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_gate.errors import CannotRun, UsageError
from ci_gate.store.staging import STAGE, finish, is_unfinished, replace_files
from tests.store.samples import tree

NEW = {"snapshot.json": b"new", "inbound/a.json": b"a", "outbound/pay/b.json": b"b"}
GONE = ["inbound/old.json", "outbound/old/x.json"]


def before(folder: Path) -> None:
    """Files of an earlier snapshot."""
    for path in ("snapshot.json", *GONE):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"old")


def test_all_of_it(tmp_path: Path) -> None:
    """New files are there, removed ones and their empty folders gone, the stage, too."""
    before(tmp_path)
    replace_files(str(tmp_path), NEW.items(), lambda _: GONE)
    assert tree(tmp_path) == NEW
    assert sorted(p.name for p in tmp_path.iterdir()) == ["inbound", "outbound", "snapshot.json"]
    assert not (tmp_path / "outbound" / "old").exists()


def test_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing changes nothing is written."""
    replace_files(str(tmp_path), NEW.items(), lambda _: [])
    monkeypatch.delattr(os, "replace")
    replace_files(str(tmp_path), NEW.items(), lambda _: [])
    assert tree(tmp_path) == NEW


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_cut_off_while_moving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    """After any number of moves the rest is done by whoever comes next, as often as need be."""
    before(tmp_path)
    real, left = os.replace, [moves]

    def stop(source: str, target: str) -> None:
        if f"{STAGE}{os.sep}" in source and STAGE not in target:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            replace_files(str(tmp_path), NEW.items(), lambda _: GONE)
    assert is_unfinished(str(tmp_path))
    for _ in range(2):
        finish(str(tmp_path))
        assert tree(tmp_path) == NEW
        assert not is_unfinished(str(tmp_path))


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up before the plan is written leaves everything as it was."""
    before(tmp_path)
    was, calls = tree(tmp_path), []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotRun, match="No space left"):
        replace_files(str(tmp_path), NEW.items(), lambda _: GONE)
    assert tree(tmp_path) == was


def test_a_refusal(tmp_path: Path) -> None:
    """What is raised when all files have come undoes all; what has come is told."""
    before(tmp_path)
    was = tree(tmp_path)

    def refuse(paths: set[str]) -> list[str]:
        assert paths == NEW.keys()
        raise UsageError("no")

    with pytest.raises(UsageError, match=r"^no$"):
        replace_files(str(tmp_path), NEW.items(), refuse)
    assert tree(tmp_path) == was


def test_one_at_a_time(tmp_path: Path) -> None:
    """Each file is on disk before the next one is made."""

    def files() -> Iterator[tuple[str, bytes]]:
        for number in range(3):
            assert len(list((tmp_path / STAGE).glob("[0-9]"))) == number
            yield f"inbound/{number}.json", b"%d" % number

    replace_files(str(tmp_path), files(), lambda _: [])
    assert len(tree(tmp_path)) == 3


@pytest.mark.parametrize(
    "path",
    [
        "../x.json",
        "/etc/x.json",
        "inbound/../../x.json",
        "outbound/../../x.json",
        "outbound/../x.json",
        ".git/config",
        "inbound/a.txt",
        "bodies/../../x",
        "inbound\\..\\..\\x.json",
        "inbound/\0.json",
    ],
)
@pytest.mark.parametrize("field", ["moves", "removals"])
def test_plans_of_strangers(tmp_path: Path, path: str, field: str) -> None:
    """A plan that came with a repository reaches no file outside the snapshot."""
    folder = tmp_path / "s"
    (folder / STAGE).mkdir(parents=True)
    (tmp_path / "x.json").write_bytes(b"mine")
    (folder / STAGE / "0").write_bytes(b"theirs")
    empty: dict[str, object] = {"moves": {}, "removals": []}
    plan = empty | {field: {"0": path} if field == "moves" else [path]}
    (folder / STAGE / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(UsageError, match=r"no file of ours; remove the folder \.next"):
        finish(str(folder))
    assert (tmp_path / "x.json").read_bytes() == b"mine"


def test_a_broken_plan(tmp_path: Path) -> None:
    """A plan that cannot be read is named."""
    (tmp_path / STAGE).mkdir()
    (tmp_path / STAGE / "plan.json").write_bytes(b"{")
    with pytest.raises(UsageError, match=r"plan.json: .*remove the folder"):
        finish(str(tmp_path))
