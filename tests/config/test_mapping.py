"""`--map` and `--dependency`."""

from __future__ import annotations

import pytest

from ci_gate.config.mapping import parse_dependency, parse_map
from ci_gate.errors import UsageError
from ci_gate.recorder.options import Upstream


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "payments@8081=https://api.payments.example:443",
            Upstream(name="payments", address="https://api.payments.example:443", listen=8081),
        ),
        (
            "8081=http://localhost:9000",
            Upstream(name="localhost", address="http://localhost:9000", listen=8081),
        ),
        (
            "x@0.0.0.0:8081=https://[::1]:1",
            Upstream(name="x", address="https://[::1]:1", listen=8081, listen_host="0.0.0.0"),
        ),
        (
            "8081=http://[::1]:9000",
            Upstream(name="1", address="http://[::1]:9000", listen=8081),
        ),
        (
            "15432=raw://db.local:5432",
            Upstream(name="db.local-5432", protocol="raw", address="db.local:5432", listen=15432,
                     server_tls=False),
        ),
    ],
)  # fmt: skip
def test_maps(text: str, expected: Upstream) -> None:
    """Name and host are optional; without a name the dependency is called as its host."""
    assert parse_map(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "8081", "8081=api.example:1", "x=http://a:1", "@1=http://a", "a b@1=http://a",
     "service@1=http://a", "1=htp://a:1", "0=http://a", "1=raw://a", "1=http://a/path", "1=raw://:1"],
)  # fmt: skip
def test_what_is_no_map(text: str) -> None:
    """The flag, the form and an example are in every complaint."""
    with pytest.raises(UsageError, match=r"--map .*write \[NAME@\]\[HOST:\]PORT=PROTO://HOST:PORT"):
        parse_map(text)


def test_dependencies_without_listener() -> None:
    """`init --dependency` has a name and no port of ours."""
    assert parse_dependency("pay=https://a.example").address == "https://a.example"
    for wrong in ("pay", "=http://a", "env=http://a"):
        with pytest.raises(UsageError, match="not a dependency"):
            parse_dependency(wrong)
