"""What a WireMock stub says of the requests it answers: one request, and the places it leaves open.

A matcher that names its value is that value. One that does not (a pattern, a date before another)
gets an example, and its place is open: the rule that comes of it lets any value pass, which is told.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import re2

from ci_gate.codecs.http1.keys import FIELDS
from ci_gate.store.formats import messages
from ci_gate.store.formats.messages import Bad

EXAMPLE = "any"
"""Stands where the stub names no value."""
_SEGMENT = "1"
"""Stands for a segment of a path that the stub leaves open: a route folds it."""
_LITERAL = re.compile(r"[A-Za-z0-9_~-]|\\[.-]")
"""One sign of a pattern that means itself."""
_PLACEHOLDER = re.compile(r".*\{[^{}]*\}.*")
_FORM = "application/x-www-form-urlencoded"


class Asked:
    """The request of one stub. Raises Bad for what breaks the format."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._asked = asked
        self.lost: list[str] = []
        self.open: list[str] = []
        """Places that the stub leaves open."""
        self.verb = self._verb()
        self.address = self._address()
        """Where the request goes; None when nothing says which URL it may have."""
        self.body, form = self._body()
        self.headers = self._headers()
        if form and not any(name.lower() == "content-type" for name, _ in self.headers):
            self.headers.append(("Content-Type", _FORM))
        self._rest()

    def _address(self) -> messages.Address | None:
        asked = self._asked
        url = _text(asked.get("url") or asked.get("urlPath")) or self._like()
        if not url and any(asked.get(key) for key in ("urlPattern", "urlPathPattern")):
            return None
        pairs = []
        for key, matcher in self._matchers("queryParameters"):
            values = self._values(matcher, f"request.query.{key}")
            pairs += [f"{quote(key, safe='')}={quote(value, safe='')}" for value in values]
        url = url or "/"
        if pairs:
            url += ("&" if "?" in url else "?") + "&".join(pairs)
        elif not asked.get("url") and not asked.get("urlPattern"):
            self.open.append("request.query.*")
        return messages.address(self._host() + url)

    def _host(self) -> str:
        host, port = self._asked.get("host"), self._asked.get("port")
        name = _text(host.get("equalTo")) if isinstance(host, dict) else ""
        if host and not name:
            self.lost.append("a host by pattern")
        scheme = _text(self._asked.get("scheme")) or "http"
        return f"{scheme}://{name}{f':{port}' if port else ''}" if name else ""

    def _like(self) -> str:
        """A path like those of a template or a pattern, "" when none can be told."""
        asked = self._asked
        template = _text(asked.get("urlPathTemplate"))
        pattern = _text(asked.get("urlPathPattern") or asked.get("urlPattern"))
        segments = (template or pattern).split("/")
        path = [_PLACEHOLDER.sub(_SEGMENT, one) if template else _literal(one) for one in segments]
        if path[0] or len(path) < 2 or not (template or _matches(pattern, "/".join(path))):
            return ""
        self._told("urlPathTemplate" if template else "urlPattern", "any number or id is let pass")
        changed = [index for index, one in enumerate(path) if one != segments[index]]
        # A place counts segments from behind the first slash.
        self.open += [f"request.path[{at - 1}]" for at in changed if path[at] == _SEGMENT]
        return "/".join(path)

    def _verb(self) -> str:
        verb = _text(self._asked.get("method")) or "ANY"
        if verb == "ANY":
            self.lost.append("a stub for any method: recorded for one")
            return "POST" if self._asked.get("bodyPatterns") else "GET"
        return messages.method(verb)

    def _matchers(self, key: str) -> list[tuple[str, Any]]:
        value = self._asked.get(key)
        return list(value.items()) if isinstance(value, dict) else []

    def _values(self, matcher: Any, place: str) -> list[str]:
        """The values of one matcher: those it names, or an example at an open place."""
        if not isinstance(matcher, dict) or matcher.get("absent"):
            return []
        for key in ("hasExactly", "includes"):
            if isinstance(matcher.get(key), list):
                return [value for one in matcher[key] for value in self._values(one, place)]
        if isinstance(matcher.get("equalTo"), str):
            if matcher.get("caseInsensitive"):
                self.open.append(place)
            return [matcher["equalTo"]]
        self.open.append(place)
        if isinstance(matcher.get("contains"), str):
            return [matcher["contains"]]
        self._told(", ".join(sorted(str(key)[:30] for key in matcher)), "any value is let pass")
        return [EXAMPLE]

    def _told(self, matcher: str, what: str) -> None:
        self.lost.append(f"the matcher {matcher}: {what}")

    def _headers(self) -> list[tuple[str, str]]:
        found = []
        for name, matcher in self._matchers("headers"):
            values = self._values(matcher, f"request.headers.{name.lower()}")
            found += [(name, value) for value in values]
        cookies = []
        for name, matcher in self._matchers("cookies"):
            cookies += [
                f"{name}={value}" for value in self._values(matcher, "request.headers.cookie")
            ]
        if cookies:
            found.append(("Cookie", "; ".join(cookies)))
        basic = self._asked.get("basicAuthCredentials") or self._asked.get("basicAuth")
        if isinstance(basic, dict):
            pair = f"{basic.get('username', '')}:{basic.get('password', '')}".encode()
            found.append(("Authorization", f"Basic {b64encode(pair).decode()}"))
        return found

    def _body(self) -> tuple[bytes, bool]:
        """The body, and whether it is a form."""
        patterns = self._asked.get("bodyPatterns")
        for one in patterns if isinstance(patterns, list) else []:
            if not isinstance(one, dict):
                raise Bad("a body pattern is an object")
            body = self._equal(one)
            if body is not None:
                return body, False
        pairs = [
            f"{quote_plus(key)}={quote_plus(value)}"
            for key, matcher in self._matchers("formParameters")
            for value in self._values(matcher, f"request.body.{key}")
        ]
        if pairs:
            return "&".join(pairs).encode(), True
        for one in patterns or ():
            # What a stub says of a body without naming it: any body is let pass.
            values = self._values(one, "request.body")
            return (values[0].encode("utf-8", "surrogatepass") if values else b""), False
        return b"", False

    def _equal(self, pattern: dict[str, Any]) -> bytes | None:
        """The body that a pattern names."""
        value = pattern.get("equalToJson")
        if value is not None:
            if pattern.get("ignoreArrayOrder") or pattern.get("ignoreExtraElements"):
                self.lost.append("equalToJson's leave to differ: say it in a rule")
            return value.encode() if isinstance(value, str) else json.dumps(value).encode()
        if isinstance(pattern.get("binaryEqualTo"), str):
            return decoded(pattern["binaryEqualTo"])
        for key in ("equalToXml", "equalTo"):
            if isinstance(pattern.get(key), str):
                return str(pattern[key]).encode("utf-8", "surrogatepass")
        return None

    def _rest(self) -> None:
        """What the stub says nothing of: whoever asks may send it."""
        named = {name.lower() for name, _ in self.headers}
        named |= {name.lower() for name, _ in self._matchers("headers")}
        if named:
            self.open += [f"request.headers.{name}" for name in FIELDS if name not in named]
        else:
            self.open.append("request.headers.*")
        if not self.body and self.verb not in ("GET", "HEAD", "DELETE", "OPTIONS"):
            self.open.append("request.body")
        for key in ("multipartPatterns", "customMatcher", "pathParameters"):
            if self._asked.get(key):
                self._told(key, "the call is recorded without it")
        self.open = list(dict.fromkeys(self.open))


def _literal(segment: str) -> str:
    """A segment of a pattern that is a text; else what stands for any."""
    parts = _LITERAL.findall(segment)
    return "".join(part[-1] for part in parts) if "".join(parts) == segment else _SEGMENT


def _matches(pattern: str, path: str) -> bool:
    """True when a pattern, in Java's spelling, is RE2's too, and takes the path as a whole."""
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: Callable[[str], object] = re2.compile(pattern, options=options).fullmatch
    except re2.error:
        return False
    return compiled(path) is not None


def decoded(text: str) -> bytes:
    """Bytes as a stub has them. Raises Bad."""
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad("a body is no base64") from error


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
