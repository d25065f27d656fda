"""Which files of a project are read."""

from __future__ import annotations

from pathlib import Path

from ci_gate.gate.detect.folder import MAX_BYTES, read_folder


def test_what_is_read(tmp_path: Path) -> None:
    """Known names and sources, not vendored, hidden, huge or linked ones, nor what is no text."""
    for name in (
        "package.json", "src/app.py", "src/deep/x.go", "README.md", "node_modules/a/index.js",
        ".venv/lib/x.py", ".env", "tests/test_x.py", "snapshots/x/y.py",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "big.py").write_text("x" * (MAX_BYTES + 1))
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe")
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    assert read_folder(str(tmp_path)) == {
        name: name for name in (".env", "package.json", "src/app.py", "src/deep/x.go")
    }


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Nothing to read is nothing found."""
    assert read_folder(str(tmp_path / "none")) == {}
