"""The user's state directory: what belongs to a person's machine and never into a repository."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Mapping

from ci_gate.errors import CannotRun, UsageError
from ci_gate.store.files import writing

KEY_FILE = "redaction-key"
KEY_BYTES = 32


def state_folder(environment: Mapping[str, str]) -> str:
    """`$XDG_STATE_HOME/ci-gate`, else `~/.local/state/ci-gate` (XDG Base Directory: a relative
    XDG_STATE_HOME is ignored). Nothing is made. Raises UsageError when there is no home."""
    base = environment.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        home = environment.get("HOME") or environment.get("USERPROFILE", "")
        if not home:
            raise UsageError("neither XDG_STATE_HOME nor HOME is set; set one of them")
        base = os.path.join(home, ".local", "state")
    return os.path.join(base, "ci-gate")


def parse_key(text: str, source: str) -> bytes:
    """A redaction key from its hex form. Raises UsageError naming `source`, never the key."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise UsageError(
            f"{source}: a redaction key is {2 * KEY_BYTES} hexadecimal digits; make one with "
            f"`openssl rand -hex {KEY_BYTES}`"
        )
    return key


def open_redaction_key(folder: str) -> tuple[bytes, bool]:
    """The key of the state folder, made when there is none: (key, it was made now).

    Raises UsageError when others may read the file or it holds no key, CannotRun when it cannot
    be written.
    """
    path = os.path.join(folder, KEY_FILE)
    made = False
    if not os.path.lexists(path):
        made = _make(folder, path)
    return parse_key(_read(path), path), made


def _make(folder: str, path: str) -> bool:
    """Write a new key; False when another process was faster, whose key then holds."""
    temporary = f"{path}.{os.getpid()}.tmp"
    with writing(folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link fails when the name is taken, so a whole key appears at once or not at all.
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:  # no hard links on this file system
            os.replace(temporary, path)
            return True
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
    return True


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(1024)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}; give CI_GATE_REDACTION_KEY instead") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(f"{path}: others may read the redaction key; run `chmod 600 {path}`")
    return data.decode(errors="replace")
