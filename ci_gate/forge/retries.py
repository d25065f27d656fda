"""How often and how long a forge is waited for. Bounded, and the same for every forge.

Reads and replacements are repeated by the HTTP client: they change nothing when done twice.
Creating is not: `forge.publish` looks first whether it happened.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from github.GithubRetry import GithubRetry
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from ci_gate.forge.base import LONGEST_WAIT

TIMES = 3
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUSY = (429, 500, 502, 503, 504)
_SECONDARY_WAIT = 60


class _Bounded(Retry):
    """Gives up at once on a server that wants us to wait longer than we are willing to."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Any:
        """The state of retrying after one more try; raises MaxRetryError when it was the last."""
        if response is not None:
            wait = self.get_retry_after(response)
            if wait is not None and wait > LONGEST_WAIT and _pool is not None:
                reason = ResponseError(f"asked to wait {wait:.0f} s")
                raise MaxRetryError(_pool, url or "", reason)
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _GitHub(_Bounded, GithubRetry):
    """The same, which also knows how GitHub words its limits."""


def for_github(backoff: float = 1.0) -> GithubRetry:
    """Retries for PyGithub: editing is repeated, creating is not, waits are bounded."""
    return _GitHub(
        total=TIMES,
        backoff_factor=backoff,
        secondary_rate_wait=min(_SECONDARY_WAIT, 60 * backoff),
        max_rate_limit_wait=LONGEST_WAIT,
        allowed_methods=REPEATABLE,
        status_forcelist=[429, *range(500, 600)],
    )


def for_requests(backoff: float = 1.0) -> Retry:
    """Retries for any other client that is built on urllib3."""
    return _Bounded(
        total=TIMES,
        backoff_factor=backoff,
        allowed_methods=REPEATABLE,
        status_forcelist=BUSY,
        raise_on_status=False,
    )
