"""Retries: what is repeated, and how long is waited at most."""

from __future__ import annotations

import pytest
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError
from urllib3.response import HTTPResponse
from urllib3.util.retry import Retry

from ci_gate.forge.base import LONGEST_WAIT
from ci_gate.forge.retries import TIMES, for_github, for_requests

BOTH = pytest.mark.parametrize("retry", [for_github(), for_requests()], ids=["github", "requests"])


@BOTH
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_edits_are_repeated_and_creates_are_not(retry: Retry, status: int) -> None:
    """PATCH, PUT, GET and DELETE do the same twice; POST would make two."""
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert retry.is_retry(method, status)
    assert not retry.is_retry("POST", status)
    assert not retry.is_retry("POST", status, has_retry_after=True)


@BOTH
def test_waits_are_bounded(retry: Retry) -> None:
    """A server that asks for an hour is given up on at once, one that asks for a second is not."""
    pool = HTTPConnectionPool("127.0.0.1")
    for seconds in (1, int(LONGEST_WAIT)):
        answer = HTTPResponse(status=429, headers={"Retry-After": str(seconds)})
        retry.increment("GET", "/", response=answer, _pool=pool)
    answer = HTTPResponse(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(MaxRetryError):
        retry.increment("GET", "/", response=answer, _pool=pool)
    pool.close()


@BOTH
def test_tries_are_bounded(retry: Retry) -> None:
    """After a few tries it is over."""
    pool = HTTPConnectionPool("127.0.0.1")
    left = retry
    for _ in range(TIMES):
        left = left.increment("GET", "/", response=HTTPResponse(status=502), _pool=pool)
    with pytest.raises(MaxRetryError):
        left.increment("GET", "/", response=HTTPResponse(status=502), _pool=pool)
    assert sum(2**n for n in range(TIMES)) * retry.backoff_factor < LONGEST_WAIT
    pool.close()
