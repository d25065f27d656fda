"""Published services, installed, recorded, learned and gated with the real command.

A service is a file beside this one with a `SERVICE`: what to install, its ci-gate.yml and other
files, the stand-in for what it calls, and the regressions that must be seen. Run as a script, the
same file is the client that is recorded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent.parent
CACHE = TOP / "build" / "published"
MONTH = 31 * 86_400
QUICK = ("jupyter", "verdaccio", "nodered", "kinto")
SERVICES = (*QUICK, "unleash")
"""Tests gate those that are not quick once unchanged and once with a regression."""

# Before the service's own code: one file of it reads differently. REGRESSION is [file, old, new].
PYTHON_PATCH = """
import importlib.machinery, json, os, sys
name, old, new = json.loads(os.environ["REGRESSION"])
class Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname):
        path = self.get_filename(fullname)
        if not path.endswith(name):
            return super().get_code(fullname)
        text = self.get_data(path).decode()
        assert old in text, f"{path} has no {old!r}"
        return compile(text.replace(old, new), path, "exec")
hook = importlib.machinery.FileFinder.path_hook((Loader, [".py"]))
native = importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES
sys.path_hooks.insert(0, importlib.machinery.FileFinder.path_hook(native, (Loader, [".py"])))
sys.path_importer_cache.clear()
"""
NODE_PATCH = """
const [name, old, changed] = JSON.parse(process.env.REGRESSION);
const { _compile } = module.constructor.prototype;
module.constructor.prototype._compile = function (text, path) {
  if (path.endsWith(name)) {
    if (!text.includes(old)) throw new Error(`${path} has no ${old}`);
    text = text.replaceAll(old, changed);
  }
  return _compile.call(this, text, path);
};
const load = `
  const [name, old, changed] = ${process.env.REGRESSION};
  export async function load(url, context, next) {
    const found = await next(url, context);
    if (!url.endsWith(name)) return found;
    const text = String(found.source);
    if (!text.includes(old)) throw new Error(url + " has no " + old);
    return {...found, source: text.replaceAll(old, changed)};
  }`;
// What is required before a service is so in the thread of these hooks, too.
if (require("node:worker_threads").isMainThread) {
  require("node:module").register("data:text/javascript," + encodeURIComponent(load));
}
"""


class Unavailable(Exception):
    """The service cannot be installed here, with the reason."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Regression:
    """One change of the service: in `file`, `old` becomes `new`; `where` is a route that the gate
    must name for it."""

    name: str
    file: str
    old: str
    new: str
    where: str

    @property
    def env(self) -> str:
        """The value of REGRESSION."""
        return json.dumps([self.file, self.old, self.new])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Service:
    """A published service. In `config` and `files`, @INSTALL@ is where it is installed, @UPSTREAM@
    the address of what it calls and @DATABASE@ that of a PostgreSQL, there only while it is
    recorded, when it needs a `database`: "empty", or what a shell does to fill it."""

    name: str
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    config: str
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    upstream: type[http.server.BaseHTTPRequestHandler] | None = None
    database: str = ""
    regressions: tuple[Regression, ...]


@dataclasses.dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    text: str
    seconds: float


def load(name: str) -> Service:
    """The service of a file beside this one."""
    spec = importlib.util.spec_from_file_location(f"published_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("harness", sys.modules[__name__])
    spec.loader.exec_module(module)
    found: Service = module.SERVICE
    return found


def install(service: Service) -> Path:
    """Its folder below build/published, installed when it is not there; raises Unavailable."""
    folder = CACHE / service.name
    stamp, wanted = folder / ".installed", " ".join((*service.pip, *service.npm))
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if service.pip:
        _run(sys.executable, "-m", "venv", str(folder / "venv"))
        pip = str(folder / "venv" / "bin" / "pip")
        _run(pip, "install", "-q", "--disable-pip-version-check", *service.pip)
    if service.npm:
        if shutil.which("npm") is None:
            raise Unavailable("there is no npm")
        _run("npm", "install", "--loglevel=error", "--no-audit", "--no-fund", "--prefix", str(folder),
             *service.npm)  # fmt: skip
    stamp.write_text(wanted, encoding="utf-8")
    return folder


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
        raise Unavailable(f"{command[0]} cannot install: {said[-1]}")


class Bench:
    """One service in a folder of its own: recorded, learned, and run as often as is wanted."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.folder = folder
        self._state = folder / "state-of-ci-gate"
        self._installed = install(service)

    def gate(self, *args: str, env: dict[str, str] | None = None, seconds: float = 600) -> Done:
        """`ci-gate` in the folder, with a state of its own."""
        plain = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "ci_gate", *args],
            cwd=self.folder,
            env={**plain, "XDG_STATE_HOME": str(self._state), "NO_COLOR": "1", **(env or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        return Done(done.returncode, done.stdout + done.stderr, time.monotonic() - began)

    def record(self) -> Done:
        """Its traffic with the session of its file."""
        with self._upstream() as upstream, self._database() as database:
            self._write(upstream, database)
            drive = f"{sys.executable} {HERE / self.service.name}.py >drive.log 2>&1"
            done = self.gate("record", "--replace", "--in-port", "0", "--out-port", "0", "--drive", drive,
                             env={"UPSTREAM": upstream})  # fmt: skip
        told = self.folder / "drive.log"
        said = told.read_text(encoding="utf-8") if told.is_file() else ""
        return dataclasses.replace(done, text=done.text + said)

    def learn(self) -> Done:
        """What varies."""
        return self.gate("learn")

    def run(self, out: str = "run", **env: str) -> Done:
        """The gate."""
        shutil.rmtree(self.folder / out, ignore_errors=True)
        return self.gate("run", "--quiet", "--out", out, env=env)

    def result(self, out: str = "run") -> dict[str, Any]:
        """result.json of a run."""
        text = (self.folder / out / "result.json").read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    def snapshot(self) -> dict[str, int]:
        """What was learned: how many places vary, were rebased, and values travel."""
        folder = self.folder / "snapshots" / self.service.name
        exchanges = [
            exchange
            for path in (*folder.glob("inbound/*.json"), *folder.glob("outbound/*/*.json"))
            for exchange in json.loads(path.read_text(encoding="utf-8")).get("exchanges", ())
        ]
        bound = folder / "bindings.json"
        bindings = json.loads(bound.read_text(encoding="utf-8")) if bound.is_file() else {}
        return {
            "noise": sum(len(one.get("noise", ())) for one in exchanges),
            "rebased": sum(len(one.get("rebased", ())) for one in exchanges),
            "bindings": sum(map(len, bindings.values())),
        }

    def regressed(self, one: Regression, out: str = "regressed") -> Done:
        """The gate on the service with one change."""
        return self.run(out, REGRESSION=one.env)

    def in_a_month(self, out: str = "in-a-month") -> Done:
        """The gate on a machine whose clock, for every process of it, is a month ahead."""
        return self.run(out, **month_ahead(self.folder))

    @contextlib.contextmanager
    def _upstream(self) -> Iterator[str]:
        if self.service.upstream is None:
            yield ""
            return
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.service.upstream)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    @contextlib.contextmanager
    def _database(self) -> Iterator[str]:
        if not self.service.database:
            yield ""
            return
        server = postgres()
        try:
            server.start()
            address = f"127.0.0.1:{server.port}"
            if self.service.database != "empty":
                _run("sh", "-c", self._filled(self.service.database, database=address))
            yield address
        finally:
            server.stop()
            server.remove()

    def _write(self, upstream: str, database: str) -> None:
        files = {"ci-gate.yml": self.service.config, **self.service.files}
        files |= {"patch/sitecustomize.py": f"import os\nif os.environ.get('REGRESSION'):\n"
                  f"    exec({PYTHON_PATCH!r})\n",
                  "patch/patch.js": f"if (process.env.REGRESSION) {{{NODE_PATCH}}}\n"}  # fmt: skip
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._filled(text, upstream, database), encoding="utf-8")

    def _filled(self, text: str, upstream: str = "", database: str = "") -> str:
        text = text.replace("@INSTALL@", str(self._installed)).replace("@UPSTREAM@", upstream)
        return text.replace("@DATABASE@", database)


def postgres() -> Any:
    """A PostgreSQL of its own, not started yet; raises Unavailable where there is none."""
    path = HERE.parent / "databases" / "servers.py"
    spec = importlib.util.spec_from_file_location("published_servers", path)
    assert spec is not None
    assert spec.loader is not None
    servers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(servers)
    try:
        return servers.Postgres()
    except servers.pytest.skip.Exception as error:
        raise Unavailable(str(error)) from error


def month_ahead(folder: Path) -> dict[str, str]:
    """An environment in which every clock of the machine is a month ahead: our own library again,
    under another variable, so that it lies below the one that the gate gives the service."""
    library, offset = folder / "month.so", folder / "month"
    if not library.is_file():
        source = (TOP / "ci_gate" / "service" / "shim" / "clock.c").read_text(encoding="utf-8")
        code = folder / "month.c"
        code.write_text(source.replace("CI_GATE_CLOCK=", "MONTH_AHEAD__="), encoding="utf-8")
        flags = ["-shared", "-fPIC", "-O2", "-nostdlib", "-fvisibility=hidden"]
        flags += ["-fno-stack-protector", "-ffreestanding"]
        _run("cc", *flags, "-o", str(library), str(code))
    offset.write_bytes(struct.pack("q", MONTH * 10**9).ljust(128, b"\0"))
    return {"LD_PRELOAD": str(library), "MONTH_AHEAD__": str(offset)}


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Other processes load every core."""
    burning = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for one in burning:
            one.kill()
            one.wait()


def passes(run: Callable[[], Done], count: int) -> tuple[int, float, str]:
    """How many of `count` runs pass, the seconds that one takes, and what the first that did not
    says."""
    done = [run() for _ in range(count)]
    said = next((one.text for one in done if one.code), "")
    passed = sum(one.code == 0 for one in done)
    return passed, sum(one.seconds for one in done) / max(count, 1), said
