"""A client with a session, for the drivers: keeps cookies, reads forms, takes redirects for answers."""

from __future__ import annotations

import http.client
import json
import os
import re
import urllib.parse
from typing import Any

EXPIRED = re.compile(r"max-age=0|01[ -]jan[ -]1970", re.IGNORECASE)


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def find(self, pattern: str) -> str:
        """The first group of a pattern that must be there: a form's token, a link."""
        found = re.search(pattern, self.text)
        assert found is not None, f"{pattern} is not in\n{self.text[:2000]}"
        return found[1]


class Session:
    """Requests of one client to $CI_GATE_TARGET, each held to the status that is expected."""

    def __init__(self) -> None:
        self.base = os.environ["CI_GATE_TARGET"]
        host = urllib.parse.urlsplit(self.base).netloc
        self.cookies: dict[str, str] = {}
        self._connection = http.client.HTTPConnection(host, timeout=30)

    def __call__(
        self,
        method: str,
        path: str,
        expect: int,
        *,
        body: bytes | None = None,
        form: dict[str, str] | None = None,
        data: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a body, a form, or JSON."""
        sent = {"User-Agent": "session/1.0", "Accept": "*/*", **(headers or {})}
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif data is not None:
            body = json.dumps(data).encode()
            sent.setdefault("Content-Type", "application/json")
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = Answer(self._sent(method, path, body, sent))
        for line in answer.headers.get_all("Set-Cookie") or ():
            self._keep(line)
        told = f"{method} {path}: {answer.status}, not {expect}\n{answer.text[:1500]}"
        assert answer.status == expect, told
        return answer

    def _sent(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        try:
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            # An idle connection that the service has closed meanwhile.
            self._connection.close()
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()

    def _keep(self, line: str) -> None:
        name, _, rest = line.partition("=")
        value = rest.partition(";")[0]
        if EXPIRED.search(line) or value in ("", '""'):
            self.cookies.pop(name.strip(), None)
        else:
            self.cookies[name.strip()] = value
