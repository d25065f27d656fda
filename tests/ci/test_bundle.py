"""The bundle runs the gate in images that have neither Python nor the libc it was made with."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ci.containers import needs, root_file_system
from tests.ci.runner import TOP

pytestmark = pytest.mark.long

# In name spaces of its own: nothing is left behind, and there is no network but loopback.
INSIDE = """
set -e
ip link set lo up
mount --bind "$1" "$2/opt"
mount --bind "$3" "$2/mnt"
mount -t proc proc "$2/proc"
exec chroot "$2" /bin/sh -ec "$4"
"""


def inside(root: Path, bundle: Path, work: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in that root file system, with the bundle's folder at /opt/ci-gate."""
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", INSIDE, "inside"]
    command += [str(bundle.parent), str(root), str(work), script]
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module", params=["bullseye", "bookworm", "trixie"])
def root(request: pytest.FixtureRequest) -> Path:
    """Debian 11, 12 and 13 with what is essential only."""
    needs("unshare", "ip")
    found = root_file_system(str(request.param))
    assert not list(found.glob("usr/bin/python*"))
    return found


def test_gate_in_a_foreign_root(root: Path, bundle: Path, tmp_path: Path) -> None:
    """An unchanged service passes and a changed one fails there, without any network."""
    work = tmp_path / "parcels"
    shutil.copytree(TOP / "examples" / "parcels", work, ignore=shutil.ignore_patterns(".ci-gate"))
    gate = "cd /mnt && /opt/ci-gate/bin/ci-gate run --quiet --out out -- /opt/ci-gate/bin/python3 parcels.py"
    done = inside(root, bundle, work, gate)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((work / "out" / "result.json").read_text())
    assert result["runs"][0]["counts"]["total"] > 0
    shutil.rmtree(work / "out")
    done = inside(root, bundle, work, f"export REGRESSION=dropped-call; {gate}")
    assert done.returncode == 1, done.stdout + done.stderr


def test_token_is_out_of_sight_there_too(root: Path, bundle: Path, tmp_path: Path) -> None:
    """The gate of a job starts itself again by the bundle's own loader: what it was started with
    then has no token in it."""
    work = tmp_path / "parcels"
    shutil.copytree(TOP / "examples" / "parcels", work, ignore=shutil.ignore_patterns(".ci-gate"))
    config = work / "ci-gate.yml"
    spy = "cat /proc/$PPID/environ >seen; exec /opt/ci-gate/bin/python3 parcels.py"
    text = config.read_text()
    assert "[../../.venv/bin/python, parcels.py]" in text
    config.write_text(
        text.replace("[../../.venv/bin/python, parcels.py]", json.dumps(["sh", "-c", spy]))
    )
    gate = "cd /mnt && export CI_GATE_INPUT_TOKEN=t0kenT0KEN && /opt/ci-gate/bin/ci-gate action"
    done = inside(root, bundle, work, gate)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = (work / "seen").read_bytes()
    assert b"CI_GATE_SEALED=" in seen
    assert b"t0kenT0KEN" not in seen


def test_children_see_their_own_system(root: Path, bundle: Path, tmp_path: Path) -> None:
    """No variable of ours and no library of ours reaches what is started."""
    script = (
        "/opt/ci-gate/bin/python3 -c 'import os, subprocess; "
        'subprocess.run(["/bin/sh", "-c", "env; cat /proc/self/maps"], check=True)\''
    )
    done = inside(root, bundle, tmp_path, script)
    assert done.returncode == 0, done.stderr
    assert "libc" in done.stdout
    assert "/opt/ci-gate" not in done.stdout
    assert "LD_" not in done.stdout
    assert "PYTHON" not in done.stdout


def test_everything_native_loads(root: Path, bundle: Path, tmp_path: Path) -> None:
    """Every package with native code is there with its libraries, and names are resolved."""
    script = (
        "import sys; sys.path.insert(0, '/opt/ci-gate/app'); "
        "import brotli, cryptography.hazmat.bindings._rust, msgspec, nacl.bindings, psutil, re2, "
        "socket, sqlite3, ssl, uvloop, yaml, zstandard; "
        "print(socket.getaddrinfo('localhost', 80)[0][4][0], sys.prefix)"
    )
    done = inside(root, bundle, tmp_path, f'/opt/ci-gate/bin/python3 -I -c "{script}"')
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() in (["127.0.0.1", "/opt/ci-gate"], ["::1", "/opt/ci-gate"])


def test_called_by_a_link_and_from_anywhere(root: Path, bundle: Path, tmp_path: Path) -> None:
    """A link on PATH, a link to a link and another place for the bundle all work."""
    script = (
        "cd /tmp; ln -sf /opt/ci-gate/bin/ci-gate one; ln -sf one two; ./two --version; "
        "PATH=$PATH:/tmp; two --version; cp -R /opt/ci-gate '/mnt/a b'; "
        "cd /mnt; 'a b/bin/ci-gate' --version; rm /tmp/one /tmp/two"
    )
    done = inside(root, bundle, tmp_path, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ci-gate ") == 3


def test_workspace_is_not_imported_from(root: Path, bundle: Path, tmp_path: Path) -> None:
    """A module of ours or of a library's name in the workspace is not ours to run."""
    for name in ("ci_gate", "click", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the workspace')\n")
    script = "cd /mnt; export PYTHONPATH=/mnt; /opt/ci-gate/bin/ci-gate --version"
    done = inside(root, bundle, tmp_path, script)
    assert done.returncode == 0, done.stderr
