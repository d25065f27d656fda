"""What a command starts is told from its file, before it runs."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_gate.service import clock_probe
from ci_gate.service.clock_library import MACHINES
from ci_gate.service.clock_probe import Program, probe, program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
MACHINE = MACHINES.get(os.uname().machine, 62)
BOTH = [pytest.param("", id="dynamic"), pytest.param("-static", id="static")]


def elf(
    folder: Path, *, loader: bytes = b"", note: bytes = b"", section: bytes = b"", number: int = 0
) -> str:
    """A file with the headers of a program, and nothing else."""
    segments: list[tuple[int, bytes]] = []
    if loader:
        segments.append((3, loader + b"\0"))
    if note:
        segments.append((4, struct.pack("<III", len(note), 4, 1) + note.ljust(4, b"\0") + b"abcd"))
    names = b"\0" + section + b"\0"
    data = b""
    place = 64 + 56 * len(segments)
    heads = b""
    for kind, content in segments:
        heads += struct.pack("<IIQQQQQQ", kind, 4, place + len(data), 0, 0, len(content), 0, 1)
        data += content
    names_at = place + len(data)
    sections = bytes(64) + struct.pack("<IIQQQQ", 1, 3, 0, 0, names_at, len(names)) + bytes(24)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack(
        "<HHIQQQIHHHHHH",
        3,
        number or MACHINE,
        1,
        0,
        64,
        names_at + len(names),
        0,
        64,
        56,
        len(segments),
        64,
        2,
        1,
    )
    path = folder / "program"
    path.write_bytes(head + heads + data + names + sections)
    path.chmod(0o755)
    return str(path)


GLIBC = b"/lib64/ld-linux-x86-64.so.2"


@pytest.mark.parametrize(
    ("made", "kind", "moves"),
    [
        ({"loader": GLIBC}, "glibc", True),
        ({"loader": b"/lib/ld-linux-aarch64.so.1"}, "glibc", True),
        ({"loader": b"/lib/ld-musl-x86_64.so.1"}, "musl", False),
        ({"loader": b"/system/bin/linker64"}, "other", False),
        ({}, "static", False),
        ({"loader": GLIBC, "note": b"GNU\0"}, "glibc", True),
        ({"loader": GLIBC, "note": b"Go\0\0"}, "go", False),
        ({"section": b".go.buildinfo"}, "go", False),
        ({"loader": GLIBC, "section": b".text"}, "glibc", True),
        ({"loader": GLIBC, "number": 8}, "other", False),
    ],
)
def test_kinds(made: dict[str, Any], kind: str, moves: bool, tmp_path: Path) -> None:
    """Loader, notes and sections tell what a program is, and each other kind says why not."""
    found = program(elf(tmp_path, **made))
    assert (found.kind, found.moves) == (kind, moves)
    assert bool(found.note) is not moves
    assert not found.note or found.note.startswith("the clock is the machine's: program ")


def test_a_loader_told_to_run_a_program(tmp_path: Path) -> None:
    """The loader itself looks static, and preloads all the same: known when it runs."""
    path = elf(tmp_path)
    os.rename(path, tmp_path / "ld.so")
    found = program(str(tmp_path / "ld.so"))
    assert (found.kind, found.moves, found.note) == ("unknown", None, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_setuid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program with somebody else's rights is not preloaded into; with our own it is."""
    path = elf(tmp_path, loader=GLIBC)
    os.chmod(path, 0o4755)
    assert program(path).kind == "glibc"
    os.chown(path, 65534, -1)
    os.chmod(path, 0o4755)
    assert program(path).kind == "setuid"
    os.chmod(path, 0o755)
    os.chown(path, 0, 65534)
    os.chmod(path, 0o2755)
    assert program(path).kind == "setuid"


def test_this_interpreter() -> None:
    """The Python that runs this test is a glibc program, by path and by name."""
    assert probe([sys.executable], {}).moves is True
    folder = os.path.dirname(sys.executable)
    found = probe([os.path.basename(sys.executable)], {"PATH": folder})
    assert found == Program(os.path.realpath(sys.executable), "glibc")


def test_scripts_lead_to_their_interpreter(tmp_path: Path) -> None:
    """Behind a first line, env and another script, what is executed is found."""
    python = os.path.realpath(sys.executable)
    for name, line in (
        ("plain", f"#!{python} -u"),
        ("env", "#!/usr/bin/env python3"),
        ("split", "#! /usr/bin/env -S NAME=value python3 -u"),
        ("twice", f"#!{tmp_path}/env"),
    ):
        (tmp_path / name).write_text(f"{line}\nprint(1)\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "python3").symlink_to(python)
    path = {"PATH": f"{tmp_path}:/usr/bin"}
    for name in ("plain", "env", "split", "twice"):
        assert probe([f"./{name}"], path, str(tmp_path)) == Program(python, "glibc"), name
    assert probe(["twice"], path) == Program(python, "glibc")


def test_a_script_that_leads_to_itself(tmp_path: Path) -> None:
    """A circle of scripts is unknown, not endless."""
    script = tmp_path / "round"
    script.write_text(f"#!{script}\n")
    script.chmod(0o755)
    assert probe([str(script)], {}).kind == "unknown"


def test_what_is_not_there() -> None:
    """No command, no file, an empty interpreter: unknown, so that starting it says what is wrong."""
    for command in ([], ["no-such-program"], ["./no/such"], [""]):
        assert probe(command, {"PATH": "/bin"}) == Program("", "unknown")


def test_an_empty_first_line(tmp_path: Path) -> None:
    """`#!` alone is a script of the shell's, as far as anybody knows."""
    (tmp_path / "empty").write_text("#!\n")
    assert probe([str(tmp_path / "empty")], {}).kind == "unknown"


def test_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere no file is looked at, and one line says so."""
    monkeypatch.setattr(clock_probe.sys, "platform", "darwin")
    found = probe(["/usr/bin/python3"], {})
    assert (found.moves, "on this system" in found.note) == (False, True)


@given(st.binary(max_size=200), st.integers(0, 400), st.binary(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_something(tmp_path: Path, tail: bytes, at: int, change: bytes) -> None:
    """Whatever is in a file that claims to be a program, looking at it ends well."""
    path = elf(tmp_path, loader=GLIBC, note=b"Go\0\0", section=b".go.buildinfo")
    whole = Path(path).read_bytes()
    data = whole[:at] + change + whole[at + len(change) :] + tail
    Path(path).write_bytes(data)
    assert program(path).kind in {"glibc", "go", "static", "musl", "other", "unknown"}
    Path(path).write_bytes(whole[:at])
    program(path)


@pytest.mark.skipif(shutil.which("cc") is None, reason="cc is not installed")
@pytest.mark.parametrize("flag", BOTH)
def test_programs_of_a_compiler(flag: str, tmp_path: Path) -> None:
    """A C program as the compiler makes it, with and without the C library inside."""
    path = str(tmp_path / "program")
    command = ["cc", "-x", "c", "-", "-o", path, *flag.split()]
    done = subprocess.run(command, input=b"int main(void) { return 0; }", capture_output=True)
    if done.returncode and flag:
        pytest.skip("there is no static C library")
    assert program(path).kind == ("static" if flag else "glibc")
