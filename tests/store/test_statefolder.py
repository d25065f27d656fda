"""The user's state directory and the redaction key in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci_gate.errors import CannotRun, UsageError
from ci_gate.store.statefolder import open_redaction_key, parse_key, state_folder


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/ci-gate"),
        ({"HOME": "/h"}, "/h/.local/state/ci-gate"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/ci-gate"),
        ({"USERPROFILE": "/u"}, "/u/.local/state/ci-gate"),
    ],
)
def test_where(environment: dict[str, str], expected: str) -> None:
    """The folder follows the XDG base directory rules."""
    assert state_folder(environment) == expected


def test_nowhere() -> None:
    """Without a home the error says what to set."""
    with pytest.raises(UsageError, match="XDG_STATE_HOME nor HOME"):
        state_folder({})


def test_made_once(tmp_path: Path) -> None:
    """The key is made the first time, for the user alone, and the same from then on."""
    folder = str(tmp_path / "a" / "ci-gate")
    key, made = open_redaction_key(folder)
    assert (len(key), made) == (32, True)
    assert open_redaction_key(folder) == (key, False)
    assert os.stat(os.path.join(folder, "redaction-key")).st_mode & 0o777 == 0o600
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert os.listdir(folder) == ["redaction-key"]


def test_keys_differ(tmp_path: Path) -> None:
    """Two machines have two keys."""
    assert open_redaction_key(str(tmp_path / "a"))[0] != open_redaction_key(str(tmp_path / "b"))[0]


def test_a_faster_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another process makes the key in the same moment, its key holds for both."""
    (tmp_path / "redaction-key").write_text("ab" * 32 + "\n")
    os.chmod(tmp_path / "redaction-key", 0o600)
    with monkeypatch.context() as patch:
        patch.setattr(os.path, "lexists", lambda path: False)
        assert open_redaction_key(str(tmp_path)) == (b"\xab" * 32, False)
    assert os.listdir(tmp_path) == ["redaction-key"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_wide_permissions(tmp_path: Path, mode: int) -> None:
    """A key that others may read is refused with the command that mends it."""
    open_redaction_key(str(tmp_path))
    path = tmp_path / "redaction-key"
    os.chmod(path, mode)
    with pytest.raises(UsageError, match=f"chmod 600 {path}"):
        open_redaction_key(str(tmp_path))


@pytest.mark.parametrize("text", ["", "xyz", "ab" * 31, "ab" * 33, "zz" * 32])
def test_no_key(text: str) -> None:
    """What is no key is refused, naming where it came from and never what it was."""
    with pytest.raises(UsageError, match="CI_GATE_REDACTION_KEY: a redaction key is 64") as caught:
        parse_key(text, "CI_GATE_REDACTION_KEY")
    assert not text or text not in str(caught.value)


def test_a_key() -> None:
    """White space around the digits does not matter."""
    assert parse_key(" " + "0f" * 32 + "\n", "x") == b"\x0f" * 32


def test_cannot_be_written(tmp_path: Path) -> None:
    """A state folder that cannot be made, or a key that cannot be read, is an error naming it."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CannotRun, match="file"):
        open_redaction_key(str(tmp_path / "file" / "ci-gate"))
    (tmp_path / "redaction-key").mkdir()
    with pytest.raises(CannotRun, match="redaction-key: Is a directory"):
        open_redaction_key(str(tmp_path))
