"""The library is built once, by whoever comes first, and its absence is explained."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci_gate.errors import CannotRun
from ci_gate.service import clock_library
from ci_gate.service.clock_library import LIBRARY_VARIABLE, available, build, library

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="Linux with a C compiler only"
)


@pytest.fixture(autouse=True)
def nothing_prebuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library from outside."""
    monkeypatch.delenv(LIBRARY_VARIABLE, raising=False)


def test_it_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time neither a compiler nor a moment is needed; nothing else is left behind."""
    path = library(str(tmp_path / "state"))
    assert [str(one) for one in (tmp_path / "state" / "clock").iterdir()] == [path]
    assert os.stat(path).st_mode & 0o777 == 0o644
    monkeypatch.setenv("PATH", "")
    assert library(str(tmp_path / "state"), required=True) == path


def test_processes_that_build_at_once_get_the_same(tmp_path: Path) -> None:
    """Eight that start together all get one whole library."""
    command = [sys.executable, "-c", "import sys; " + BUILDING, str(tmp_path)]

    def one(_: int) -> str:
        return subprocess.check_output(command, text=True).strip()

    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(one, range(8)))
    assert len(paths) == 1
    assert os.listdir(tmp_path / "clock") == [os.path.basename(paths.pop())]


BUILDING = "from ci_gate.service.clock_library import library; print(library(sys.argv[1]))"


def test_it_depends_on_no_library(tmp_path: Path) -> None:
    """Nothing is linked and no version is asked for: it can be loaded into any glibc and musl."""
    build(str(tmp_path / "clock.so"))
    data = (tmp_path / "clock.so").read_bytes()
    assert b"GLIBC_2.34" not in data
    assert b"libc.so" not in data
    if shutil.which("readelf"):
        shown = subprocess.check_output(["readelf", "-dV", tmp_path / "clock.so"], text=True)
        assert "NEEDED" not in shown
        assert "No version information found" in shown
        assert "TEXTREL" not in shown


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`recorded` stops with the remedy, `auto` goes on with the machine's clock and knows why."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert library(str(tmp_path)) == ""
    with pytest.raises(CannotRun, match=r"no cc; install one .*CI_GATE_CLOCK_LIBRARY.*clock: real"):
        library(str(tmp_path), required=True)
    path, reason = available(str(tmp_path))
    assert (path, "no cc" in reason) == ("", True)


def test_a_compiler_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it said first is told, and nothing half made is kept."""
    compiler = tmp_path / "bin" / "cc"
    compiler.parent.mkdir()
    compiler.write_text("#!/bin/sh\necho no such flag >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:/bin:/usr/bin")
    with pytest.raises(CannotRun, match=r"no such flag.*; install gcc"):
        library(str(tmp_path / "state"), required=True)
    assert os.listdir(tmp_path / "state" / "clock") == []


def test_a_state_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The folder is named."""
    (tmp_path / "clock").write_text("in the way")
    with pytest.raises(CannotRun, match=r"clock: the library .* cannot be kept there"):
        library(str(tmp_path), required=True)


def test_a_prebuilt_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that the variable names is taken without a compiler."""
    build(str(tmp_path / "ours.so"))
    monkeypatch.setenv(LIBRARY_VARIABLE, str(tmp_path / "ours.so"))
    monkeypatch.setenv("PATH", "")
    assert library(str(tmp_path / "state")) == str(tmp_path / "ours.so")
    assert not (tmp_path / "state").exists()


def test_a_prebuilt_library_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, and one for something else, are refused even for `auto`: it was meant."""
    path = tmp_path / "other.so"
    monkeypatch.setenv(LIBRARY_VARIABLE, str(path))
    with pytest.raises(CannotRun, match=r"CI_GATE_CLOCK_LIBRARY: .*other\.so: No such file"):
        library(str(tmp_path))
    path.write_bytes(b"\x7fELF\x02\x01" + bytes(12) + b"\x08\x00" + bytes(100))
    with pytest.raises(CannotRun, match="is not a library for"):
        library(str(tmp_path))


def test_a_path_that_cannot_be_preloaded(tmp_path: Path) -> None:
    """ld.so would cut the path at the space: said before, instead of having no effect."""
    with pytest.raises(CannotRun, match="LD_PRELOAD cannot name a path with a space"):
        library(str(tmp_path / "my state"), required=True)


@pytest.mark.parametrize(("platform", "machine"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_other_systems(
    platform: str, machine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no way, `auto` has none and `recorded` says where there is one."""
    monkeypatch.setattr(clock_library.sys, "platform", platform)
    monkeypatch.setattr(clock_library.platform, "machine", lambda: machine)
    assert library(str(tmp_path)) == ""
    with pytest.raises(CannotRun, match=r"can be moved on .* only.*write clock: real"):
        library(str(tmp_path), required=True)
