"""Where a verb is called: configuration, folder, environment, state."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.cli.common import surroundings
from ci_gate.errors import UsageError


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and a state folder."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return folder


def test_without_a_file(tmp_path: Path) -> None:
    """No configuration is fine; the folder's name is the service's."""
    here = surroundings(None)
    assert (here.config, here.folder, here.folder_name) == (None, ".", "shop")
    assert here.state_folder == str(tmp_path / "state" / "ci-gate")
    assert "XDG_STATE_HOME" in here.env


def test_the_default_file_is_taken_when_present(shop: Path) -> None:
    """ci-gate.yml needs no flag."""
    (shop / "ci-gate.yml").write_text("version: 1\nsnapshot: x")
    assert surroundings(None).settings.snapshot == "x"


def test_another_file_brings_its_folder(shop: Path) -> None:
    """Paths are relative to the file, which names the service too."""
    (shop / "sub").mkdir()
    (shop / "sub" / "gate.yml").write_bytes(b"\xef\xbb\xbfversion: 1")
    here = surroundings("sub/gate.yml")
    assert (here.folder, here.folder_name, here.config_name) == ("sub", "sub", "sub/gate.yml")


def test_files_that_cannot_be_read(shop: Path) -> None:
    """Missing, a folder, a dangling link, not UTF-8: a usage error that names the file."""
    with pytest.raises(UsageError, match=r"x.yml: there is no such configuration"):
        surroundings("x.yml")
    with pytest.raises(UsageError, match=r"^\.: cannot be read: Is a directory"):
        surroundings(".")
    (shop / "latin.yml").write_bytes(b"version: 1 # \xe9")
    with pytest.raises(UsageError, match=r"latin.yml: not UTF-8 at byte 13"):
        surroundings("latin.yml")
    (shop / "ci-gate.yml").symlink_to("gone.yml")
    with pytest.raises(UsageError, match=r"ci-gate.yml: there is no such configuration"):
        surroundings(None)


def test_reading_needs_no_home(monkeypatch: pytest.MonkeyPatch, shop: Path) -> None:
    """check and inspect work where there is no home and with settings of later versions."""
    (shop / "ci-gate.yml").write_text("version: 1\nservice: {isolate: auto}")
    with pytest.raises(UsageError, match="isolate: not supported yet"):
        surroundings(None)
    for name in ("XDG_STATE_HOME", "HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert surroundings(None, reading=True).state_folder == ""
    (shop / "ci-gate.yml").write_text("version: 1")
    with pytest.raises(UsageError, match="set one of them"):
        surroundings(None)
