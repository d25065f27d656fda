"""Every way in which calls change behind equal answers: recorded, passed, and red as what it is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CALLER = Path(__file__).with_name("caller.py")
CONFIG = """
version: 1
snapshot: snapshots/caller
service:
  name: caller
  command: [{python}, caller.py]
  port: auto
  env: {{PORT: "${{service.port}}", API_URL: "${{api.url}}", CHANGED: "${{env.CHANGED:-}}"}}
  ready: {{path: /healthz, timeout: 60s}}
dependencies:
  api: {{upstream: "http://localhost:{upstream}"}}
"""
PATHS = (
    "missing extra deeper ids changed repeated storm order from to after before host fan chain "
    "crash enriched"
)
DRIVE = f"""
import os, time, urllib.request
base = os.environ["CI_GATE_TARGET"]
open_ = urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open
for path in "{PATHS}".split():
    open_(base + "/" + path, timeout=10).read()
    time.sleep(0.15)
"""
TITLES = {
    "/missing": "POST /missing (api) no longer called",
    "/extra": "DELETE /extra (api) newly called",
    "/deeper": "GET /ask (api) newly called",
    "/ids": "GET /item/{id} (api) newly called 9 times",
    "/changed": 'POST /changed (api) request.body.$.amount: 5 became "5" (number became string)',
    "/repeated": "GET /rates (api) called 51 times, recorded 1",
    "/storm": "POST /busy (api) called 9 times, recorded 2, again and again after an error answer",
    "/order": "POST /b (api) called in another order",
    "/from": "POST /mail (api) moved from GET /from to GET /to",
    "/after": "POST /audit (api) now made after the response",
    "/before": "POST /ship (api) now made before the response, which waits for it",
    "/host": "new host audit.example",
    "/fan": "GET /price/{id} (api) now called one after the other, recorded at once",
    "/enriched": "GET /stock (api) newly called",
    "/crash": "status 200 became 500: KeyError: 'rate' in caller.py:",
}
"""Path -> how the title of its cause begins."""
NEW = ("/extra", "/deeper", "/ids", "/enriched")
"""Whose calls nobody has recorded."""
FOLLOWING = {"GET /follow (api) newly called", "response.body.$.stock added"}
"""What the service does when these are answered."""


class Api(BaseHTTPRequestHandler):
    """The dependency: slow enough for what is made at once to overlap."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def _any(self) -> None:
        """Anything."""
        length = int(self.headers.get("Content-Length", "0"))
        self.rfile.read(length)
        time.sleep(0.03)
        data = b"{}"
        self.send_response(503 if self.path == "/busy" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _any  # noqa: N815 - what the base class looks for

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, make_gate: Callable[[Path], Any]) -> Path:
    """A folder with the service, its configuration and its snapshot."""
    folder = tmp_path_factory.mktemp("caller")
    shutil.copy(CALLER, folder)
    (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    text = CONFIG.format(python=sys.executable, upstream=server.server_port)
    (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
    drive = f"{sys.executable} drive.py"
    done = make_gate(folder)("record", "--in-port", "0", "--out-port", "0", "--drive", drive)
    server.shutdown()
    server.server_close()
    thread.join()
    assert done.code == 0, done.text
    return folder


@pytest.fixture
def caller(recorded: Path, tmp_path: Path, make_gate: Callable[[Path], Any]) -> Iterator[Any]:
    """The gate in a folder of its own with the recorded service; nothing outlives the test."""
    folder = tmp_path / "caller"
    shutil.copytree(recorded, folder)
    gate = make_gate(folder)
    yield gate
    left = gate.alive()
    gate.kill_all()
    assert left == []


def test_the_unchanged_service_passes(caller: Any) -> None:
    """Calls at once, behind the answer, refused and repeated as recorded: green, run after run."""
    for number in range(3):
        done = caller("run", "--out", f"run{number}")
        assert done.code == 0, done.text


def test_every_change_of_calls_is_one_cause_in_one_line(caller: Any) -> None:
    """All changes in one run: each is red, named as people say it, and explained."""
    done = caller("run", "--out", "run", CHANGED="1")
    assert done.code == 1, done.text
    causes = caller.result()["causes"]
    titles = [one["title"] for one in causes if not one.get("notice")]
    found = {path: [t for t in titles if t.startswith(begin)] for path, begin in TITLES.items()}
    assert {path for path, those in found.items() if len(those) != 1} == set(), titles
    assert len(titles) == len(TITLES), titles
    by_title = {one["title"]: one for one in causes}
    crashed = by_title[found["/crash"][0]]
    assert crashed["moment"]["error"] == "KeyError: 'rate'"
    assert crashed["moment"]["files"][0].startswith("caller.py:")
    rows = [
        json.loads(line)
        for line in (caller.folder / "run" / "exchanges.jsonl").read_text("utf-8").splitlines()
    ]
    calls = {row["label"]: [line["change"] for line in row["calls"]] for row in rows}
    assert calls["GET /missing"] == ["missing"]
    assert calls["GET /repeated"] == ["", "repeated"]
    assert calls["GET /chain"] == []
    explained = caller("explain", "run", crashed["id"])
    assert "KeyError: 'rate'" in explained.out
    assert "ci-gate run --only" in explained.out


def stored(folder: Path) -> dict[str, bytes]:
    """Every file of the snapshot."""
    top = folder / "snapshots"
    return {str(one.relative_to(top)): one.read_bytes() for one in top.rglob("*.json")}


def accept(caller: Any, *arguments: str) -> dict[str, Any]:
    """Accept causes of a run, with a reason; what the command says."""
    done = caller("accept", *arguments, "--reason", "as it should be", "--yes", "--json")
    assert done.code == 0, done.text
    said: dict[str, Any] = json.loads(done.out)
    return said


def red(caller: Any, changed: str) -> dict[str, str]:
    """Title -> id of what is red in a run of the changed service."""
    caller("run", "--out", "run", CHANGED=changed)
    return {one["title"]: one["id"] for one in caller.result()["causes"] if not one.get("notice")}


@pytest.mark.long
def test_each_change_is_accepted_alone_and_all_together_are_green(caller: Any) -> None:
    """Of one run, which was downloaded: each cause rewrites what it is about and nothing else, the
    others stay red; what cannot be expected is refused with the way out; then the gate is green."""
    found = red(caller, "here")
    ids = {path: found[t] for path, begin in TITLES.items() for t in found if t.startswith(begin)}
    assert ids.keys() == TITLES.keys() - {"/host"}
    downloaded = caller.folder / "downloaded"
    shutil.move(caller.folder / "run", downloaded)
    before = stored(caller.folder)
    done = caller("accept", "downloaded", ids["/extra"], "--reason", "new", "--yes")
    assert (done.code, stored(caller.folder)) == (2, before)
    assert "ci-gate record --misses" in done.text
    others = set(ids.values())
    for path, name in ids.items():
        assume = ("--assume",) if path in NEW else ()
        said = accept(caller, "downloaded", name, *assume)
        others -= {name}
        assert set(said["left"]) == others
        after = stored(caller.folder)
        touched = {one for one in before.keys() | after if before.get(one) != after.get(one)}
        # A call that moves goes from one request's file to another's.
        about = {"from", "to"} if path == "/from" else {path[1:]}
        assert touched
        assert {one.rpartition("/")[2].split("-")[1] for one in touched} <= about, path
        before = after
        if path == "/missing":
            assert set(red(caller, "here")) == set(found) - {"POST /missing (api) no longer called"}
    # With an answer the service goes on to what nobody has seen: the next round.
    left = red(caller, "here")
    assert set(left) == FOLLOWING
    accept(caller, "run", *left.values(), "--assume")
    assert caller("run", "--out", "run", CHANGED="here").code == 0
    assert caller.result()["allowances"]["assumed"] == 13
    assert "assumed 13" in (caller.folder / "run" / "summary.md").read_text("utf-8")
    # What was accepted is expected from now on: the service as it was is red.
    assert caller("run", "--out", "run").code == 1


@pytest.mark.long
def test_what_follows_is_accepted_with_it(caller: Any) -> None:
    """One command: the call, the next call that its answer leads to, and the answer that it changes;
    what was not accepted stays red, and can still be accepted of the first run."""
    found = red(caller, "here")
    wanted = [found[TITLES[path]] for path in ("/deeper", "/enriched")]
    flags = ("--reason", "so it is", "--yes", "--assume", "--follow", "--json")
    done = caller("accept", "run", *wanted, *flags, CHANGED="here")
    assert done.code == 0, done.text
    said = json.loads(done.out)
    assert {one["what"] for one in said["changes"]} == {
        "api GET /ask",
        "api GET /follow",
        "api GET /stock",
        "GET /enriched",
    }
    accept(caller, "run", found[TITLES["/missing"]])
    gone = {TITLES[path] for path in ("/deeper", "/enriched", "/missing")}
    assert set(red(caller, "here")) == set(found) - gone


@pytest.mark.long
def test_what_is_not_accepted(caller: Any) -> None:
    """A host that nobody was at before; a run of other code; an exchange that was edited since."""
    found = red(caller, "1")
    before = stored(caller.folder)

    def refused(name: str, *more: str) -> str:
        done = caller("accept", "run", name, "--reason", "so be it", "--yes", *more)
        assert (done.code, stored(caller.folder)) == (2, before), done.text
        return str(done.text)

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        subprocess.run(["git", *who, *arguments], cwd=caller.folder, check=True, timeout=20)

    assert "called for the first time" in refused(found["new host audit.example"])
    missing = found["POST /missing (api) no longer called"]
    (caller.folder / ".gitignore").write_text("run\nrun0\n", encoding="utf-8")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "as it was")
    red(caller, "1")
    service = caller.folder / "caller.py"
    service.write_text(service.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    git("commit", "-q", "-a", "-m", "other code")
    assert "run the gate again" in refused(missing)
    red(caller, "1")
    [file] = (caller.folder / "snapshots").rglob("outbound/api/get-missing-*.json")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"status": 200', '"status": 202'), encoding="utf-8")
    before = stored(caller.folder)
    assert "edited since" in refused(missing)
