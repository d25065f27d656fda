"""Who a service logs in as, by its own environment."""

from __future__ import annotations

import pytest

from ci_gate.gate.recording.logins import login_of

URL = "postgresql://app:${env.DB_PASSWORD:-}@${db.address}/shop?sslmode=disable"


@pytest.mark.parametrize(
    ("given", "env", "found"),
    [
        (
            {"URL": URL},
            {"DB_PASSWORD": "a b"},
            {"user": "app", "password": "a b", "database": "shop"},
        ),
        ({"URL": URL}, {"PGPASSWORD": "x"}, {"user": "app", "password": "x", "database": "shop"}),
        ({"URL": "redis://:pw%21@${db.address}/0"}, {}, {"password": "pw!", "database": "0"}),
        (
            {"PGUSER": "me", "A": "1"},
            {"PGUSER": "you", "PGDATABASE": "d"},
            {"user": "me", "database": "d"},
        ),
        ({"OTHER": "redis://u:p@${cache.address}/0"}, {}, {}),
        ({"URL": "postgresql://${secret.KEY}@${db.address}/x"}, {}, {}),
        ({"URL": "http://[${db.host}"}, {}, {}),
    ],
)
def test_what_is_known(given: dict[str, str], env: dict[str, str], found: dict[str, str]) -> None:
    """A URL with the dependency's address wins, the usual variables fill in, the service's first."""
    assert login_of("db", given, env) == found
