"""Waits until the service is ready to be spoken to.

Probes go straight to the service's own port, never through one of our proxies, so that they cannot
be recorded; the HTTP one says who it is in its User-Agent.
"""

from __future__ import annotations

import asyncio
import time

from ci_gate.errors import UsageError
from ci_gate.service.container import Container
from ci_gate.service.log import ServiceLog
from ci_gate.service.options import Ready
from ci_gate.service.outcome import ServiceFailed, ServiceUp
from ci_gate.service.process import Process

USER_AGENT = "ci-gate-ready"
PROBE_SECONDS = 5.0
"""A probe that takes longer is given up and made again."""

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.25


async def wait_ready(
    ready: Ready,
    host: str,
    port: int,
    process: Process | Container | None,
    log: ServiceLog | None = None,
) -> ServiceUp | ServiceFailed:
    """Wait until the service at `host` and `port` is ready as `ready` says, or cannot become so.

    `host` "localhost" tries 127.0.0.1 and ::1. `process` is None for a service somebody else has
    started. `ready.how` "log" needs the `log` that was made with `ready.what`. A service that ends
    or is not ready after `ready.timeout` seconds is a ServiceFailed with its last output lines.
    """
    if ready.how == "log" and log is None:
        raise UsageError("service.ready.log: the output of this service does not come to us")
    hosts = ["127.0.0.1", "::1"] if host == "localhost" else [host]
    begun = time.monotonic()
    pause = _FIRST_PAUSE
    last = ""
    while True:
        answered, last = await _probe(ready, hosts, port, log)
        # Looked at after the probe: what answered may be another program on the same port.
        if process is not None and not process.alive():
            await process.drained()
            return process.failure()
        waited = time.monotonic() - begun
        if answered:
            return ServiceUp(host=answered, seconds=waited)
        if waited >= ready.timeout:
            return ServiceFailed(
                reason=f"the service was not ready after {ready.timeout:g} s: {last}",
                exit_code=process.exit_code if process is not None else None,
                last_lines=log.last_lines() if log is not None else (),
            )
        await asyncio.sleep(min(pause, max(0.0, ready.timeout - waited)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


async def _probe(
    ready: Ready, hosts: list[str], port: int, log: ServiceLog | None
) -> tuple[str, str]:
    """The host that is ready, or "" and what was seen instead."""
    if ready.how == "log" and log is not None:
        if not log.matched.is_set():
            return "", f"no line of its output matches {ready.what!r}"
        # The line is what counts; the port tells only which address to use, and may open later.
        return (await _first(hosts, port, ""))[0] or hosts[0], ""
    return await _first(hosts, port, ready.what if ready.how == "path" else "")


async def _first(hosts: list[str], port: int, path: str) -> tuple[str, str]:
    """The first host that answers on `port`, and to a request for `path` unless that is ""."""
    nothing = f"nothing accepts connections on port {port}"
    seen = nothing
    for host in hosts:
        try:
            complaint = await asyncio.wait_for(_complaint(host, port, path), PROBE_SECONDS)
        except TimeoutError:  # is an OSError too
            complaint = f"no answer within {PROBE_SECONDS:g} s on port {port}"
        except OSError:
            complaint = nothing
        if not complaint:
            return host, ""
        # What one address has answered says more than that nobody listens on the other.
        seen = complaint if complaint != nothing else seen
    return "", seen


async def _complaint(host: str, port: int, path: str) -> str:
    """Why this is not ready; "" when it is. Raises OSError when nobody listens."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        if not path:
            return ""
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {_authority(host, port)}\r\n"
            f"User-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode()
        )
        line = await reader.readline()
        return _status_complaint(line, path)
    except (OSError, ValueError):  # ValueError: a line without an end
        return f"GET {path}: the connection broke"
    finally:
        # Aborted rather than closed: a streaming answer must not hold us up.
        writer.transport.abort()


def _status_complaint(line: bytes, path: str) -> str:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        return f"GET {path} was not answered in HTTP"
    status = int(rest[:3])
    return f"GET {path} was answered {status}" if status >= 500 else ""


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
