"""The public tools we are measured against, and processes that surely end."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
GATE = [str(TOP / ".venv" / "bin" / "ci-gate")]
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin"
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        default_type application/json;
        location / {{ return 200 '{body}'; }}
    }}
}}
"""

# The requests are made ahead, so that the script costs both sides the same and little.
LUA = """
local requests, n = {{}}, 0
init = function()
    for i = 1, {count} do requests[i] = wrk.format("GET", "/items/" .. i) end
end
request = function()
    n = n % {count} + 1
    return requests[n]
end
"""


def tool(name: str) -> str:
    """The program's path; SystemExit when it is not there."""
    found = shutil.which(name, path=SEARCH)
    if not found:
        sys.exit(f"bench: {name} is missing; as root `scripts/setup-tools bench` installs it")
    return found


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """The command, bound to one core where that can be done and there are two."""
    if len(CORES) < 2 or not shutil.which("taskset"):
        return list(command)
    return ["taskset", "-c", str(core), *command]


@contextlib.contextmanager
def running(
    command: Sequence[str],
    port: int,
    *,
    folder: Path | None = None,
    quiet: bool = True,
    **who: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process group of its own, up when its port accepts, gone afterwards. `who`:
    as whom it runs, as `subprocess.Popen` wants it."""
    sink = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(
        command, cwd=folder, stdout=sink, stderr=sink, start_new_session=True, **who
    )
    try:
        wait_for(port, process)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], how: int = signal.SIGTERM) -> None:
    """End a server as its user would, then for sure."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Until the port accepts; SystemExit when the process ended or never listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"bench: {process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.01)
    sys.exit(f"bench: nothing listens on port {port}")


@contextlib.contextmanager
def nginx(folder: Path, body: str, core: int = SERVER_CORE) -> Iterator[int]:
    """One nginx worker that gives `body` to every request; yields its port."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, body=body))
    command = [tool("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(config)]
    with running(pinned(core, command), port):
        yield port


def wrk(port: int, count: int, folder: Path, seconds: int, connections: int = 64) -> float:
    """Requests a second that wrk gets over `count` paths /items/N; every answer must be 200."""
    script = folder / "items.lua"
    script.write_text(LUA.format(count=count))
    command = [tool("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
    output = subprocess.run(
        pinned(CLIENT_CORE, [*command, f"http://127.0.0.1:{port}"]),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"bench: wrk did not get what it asked for:\n{output}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert rate, output
    return float(rate[1])


def head_of(port: int, path: str) -> tuple[int, bytes, tuple[tuple[bytes, bytes], ...], bytes]:
    """One answer as it is: status, reason, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    headers = tuple((n.encode(), v.encode()) for n, v in answer.getheaders())
    connection.close()
    return answer.status, answer.reason.encode(), headers, body
