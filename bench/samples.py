"""The redactor on real recordings of other tools: what is labelled by other means, and what is left.

    python -m bench.samples FOLDER           measure, and print the table
    python -m bench.samples FOLDER --write   and put it into docs/redaction.md

A message is read here by Python's own libraries, which know nothing of our detectors: `email`'s form
of an address, `ipaddress`, `http.cookies`, the query's names. Nothing of a recording is printed or
kept; the counts are.
"""

from __future__ import annotations

import http.cookies
import ipaddress
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl

from bench.redaction import DOCS, Row
from ci_gate.codecs.registry import codec_of
from ci_gate.errors import UsageError
from ci_gate.model.message import Headers, HttpRequest, HttpResponse, Message, Part
from ci_gate.store.formats.found import Found, ReadOptions
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.table import recognised
from ci_gate.values.places import leaves
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_QUAD = re.compile(r"(?<![\w./-])\d{1,3}(?:\.\d{1,3}){3}(?![\w./-])")
_FILES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp")
"""What ends like a domain: logo@2x.png."""
_RESOLVERS = frozenset("1.1.1.1 1.0.0.1 8.8.8.8 8.8.4.4 9.9.9.9".split())
"""Addresses that are everybody's."""
_NAMES = frozenset("first_name last_name firstname lastname given_name family_name".split())
_PROMISED = frozenset(("IPv4", "cookies", "credentials by name", "e-mail"))
BEGIN, END = "<!-- samples: begin -->\n", "<!-- samples: end -->\n"
_SECRETS = frozenset("api_key apikey access_token token password secret client_secret".split())
_SHORTEST = 4
"""Characters from which a credential is one: `_gat=1` is a flag."""


def recordings(root: Path) -> list[Path]:
    """The recordings below a folder: one a format for those in folders, each file of the others."""
    found = []
    for path in sorted(root.iterdir()):
        inside = [
            one for one in sorted(path.iterdir()) if path.name in ("har", "keploy", "mitmproxy")
        ]
        found += inside or [path]
    return found


def messages(paths: Iterable[Path]) -> Iterator[Message]:
    """Requests and answers of the recordings, in their order; what is refused has none."""
    for path in paths:
        source = Source(str(path))
        try:
            items = list(recognised(source).read(source, ReadOptions()))
        except UsageError:
            continue
        for one in items:
            if isinstance(one, Found):
                yield one.request
                if one.response is not None:
                    yield one.response


def measure(paths: Iterable[Path]) -> list[Row]:
    """Recall by kind, and how many of all other texts were replaced. Each recording has its own
    redactor, as an import has."""
    seen: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for path in paths:
        redactor = Redactor(StandIns(b"k" * 32))
        for message in messages([path]):
            side = "request" if isinstance(message, HttpRequest) else "response"
            parts = codec_of(message).places(message)
            secrets = list(labelled(message))
            for part in parts:
                secrets += [("first or last name", text) for text in _persons(part)]
            new = [redactor.part(part, side)[0] for part in parts]
            after = " ".join(str(leaf.value) for part in new for leaf in leaves(part))
            for kind, value in secrets:
                seen[kind] += 1
                hit[kind] += value not in after
            known = [value for _, value in secrets]
            for old, now in zip(parts, new, strict=True):
                for leaf, left in zip(leaves(old), leaves(now), strict=True):
                    text = str(leaf.value)
                    if not any(value in text for value in known):
                        seen["ordinary"] += 1
                        hit["ordinary"] += leaf.value != left.value
    return [Row(kind, kind in _PROMISED, count, hit[kind]) for kind, count in sorted(seen.items())]


def _persons(part: Part) -> Iterator[str]:
    """Values of JSON under names that tell of people, as a walk finds them."""
    if part.media != "json" or not isinstance(part.value, bytes):
        return
    try:
        left = [json.loads(part.value)]
    except ValueError:
        return
    while left:
        one = left.pop()
        if isinstance(one, dict):
            for name, value in one.items():
                if name.lower() in _NAMES and isinstance(value, str) and value:
                    yield value
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()


def labelled(message: Message) -> Iterator[tuple[str, str]]:
    """(kind, value) of what a message holds of secrets and of people."""
    if isinstance(message, HttpRequest):
        query = message.target.partition(b"?")[2].decode("utf-8", "replace")
        for name, value in parse_qsl(query):
            if name.lower() in _SECRETS and len(value) >= _SHORTEST:
                yield "credentials by name", value
    if isinstance(message, HttpRequest | HttpResponse):
        yield from _credentials(message.headers)
    text = _text(message)
    for one in _EMAIL.findall(text):
        if not one.lower().endswith(_FILES):
            yield "e-mail", one
    for one in _QUAD.findall(text):
        try:
            if ipaddress.ip_address(one).is_global and one not in _RESOLVERS:
                yield "IPv4", one
        except ValueError:
            continue


def _credentials(headers: Headers) -> Iterator[tuple[str, str]]:
    for name, data in headers:
        value = data.decode("utf-8", "replace")
        if name.lower() == b"authorization":
            yield "credentials by name", value.rpartition(" ")[2]
        elif name.lower() in (b"cookie", b"set-cookie"):
            for one in http.cookies.SimpleCookie(value).values():
                if len(one.value) >= _SHORTEST:
                    yield "cookies", one.value


def _text(message: Message) -> str:
    """The body, where it is text."""
    body = message.body
    try:
        return body.decode() if isinstance(body, bytes) else ""
    except UnicodeDecodeError:
        return ""


def table(rows: list[Row]) -> str:
    """The table of docs/redaction.md."""
    lines = ["| in real recordings | values | found |", "|---|---|---|"]
    for row in sorted(rows, key=lambda row: (row.kind == "ordinary", not row.promised, row.kind)):
        share = f"{100 * row.found / row.values:.1f}%"
        name = "ordinary texts, replaced" if row.kind == "ordinary" else row.kind
        lines.append(f"| {name} | {row.values} | {share} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write if asked to."""
    text = table(measure(recordings(Path(sys.argv[1]))))
    print(text)
    if "--write" in sys.argv:
        page = DOCS.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        DOCS.write_text(before + BEGIN + text + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
