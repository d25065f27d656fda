"""A snapshot's requests as a shell script of curl commands: what `record --drive` can run."""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections.abc import Iterator

from ci_gate.store.formats.outgoing import Outgoing, Sent, shown, text_of

_LEFT_OUT = frozenset(("content-length", "transfer-encoding", "connection"))
"""curl says these itself."""
_CURLS_OWN = ("Accept", "User-Agent", "Content-Type")


def write(outgoing: Outgoing) -> Iterator[tuple[str, bytes]]:
    """One file."""
    lines = [
        "#!/bin/sh",
        "# The requests of a snapshot, in recorded order; secrets are stand-ins.",
        f'TARGET="${{CI_GATE_TARGET:-{_target(outgoing)}}}"',
        "",
    ]
    for sent in outgoing.exchanges(outbound=False):
        lines += _command(sent)
        if sent.response is not None:
            outgoing.lost["answers: a command only asks"] += 1
    if outgoing.snapshot.outbound:
        outgoing.lost["calls: commands ask the service"] += len(outgoing.snapshot.outbound)
    yield "", "\n".join(lines).encode("utf-8", "surrogateescape")


def _target(outgoing: Outgoing) -> str:
    port = outgoing.snapshot.origin.service_port or 8080
    return f"http://localhost:{port}"


def _command(sent: Sent) -> list[str]:
    request = sent.request
    path = request.target.decode("utf-8", "surrogateescape")
    words = ["curl -sS -o /dev/null", "--path-as-is --globoff"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET" or sent.asked:
        words.append(f"-X {shlex.quote(request.method)}")
    for name, value in shown(request.headers, "surrogateescape"):
        if name.lower() in _LEFT_OUT or (name.lower() == "host"):
            continue
        words.append("-H " + shlex.quote(f"{name}: {value}" if value else f"{name};"))
    named = {name.lower() for name, _ in request.headers}
    # What curl would say by itself.
    words += [f"-H '{name}:'" for name in _CURLS_OWN if name.lower().encode() not in named]
    before = ""
    if sent.asked:
        text = text_of(sent.asked)
        if text is not None and "\0" not in text:
            words.append("--data-raw " + shlex.quote(text))
        else:
            before = f"printf %s {b64encode(sent.asked).decode()} | base64 -d | "
            words.append("--data-binary @-")
    words.append(f'"$TARGET"{shlex.quote(path)}')
    label = f"# {sent.exchange.route}".replace("\n", " ").replace("\r", " ")
    return [label, before + " \\\n  ".join(words), ""]
