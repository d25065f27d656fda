"""Who a service logs in as at a database: what `record --misses` asks with, in its place.

The service's own environment says it, as its driver reads it: a URL with the address of the
dependency in it, and for what that leaves out the variables of PostgreSQL's clients. Nothing of it is
kept anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from ci_gate.config.references import expand
from ci_gate.errors import UsageError

_NOWHERE = "127.0.0.1:1"
_VARIABLES = {"user": "PGUSER", "password": "PGPASSWORD", "database": "PGDATABASE"}


def login_of(name: str, given: Mapping[str, str], env: Mapping[str, str]) -> dict[str, str]:
    """Those of "user", "password" and "database" that are known of the dependency `name`.

    `given` is service.env as it is written, `env` the environment that we were started with.
    """
    filled = {key: _filled(text, name, env) for key, text in given.items()}
    known = {**env, **filled}
    found = {field: known[key] for field, key in _VARIABLES.items() if known.get(key)}
    for key, text in given.items():
        if f"${{{name}." in text:
            found |= _in_url(filled[key])
    return found


def _filled(text: str, name: str, env: Mapping[str, str]) -> str:
    """A value as the service has it; "" where it needs what only a run knows."""
    try:
        return expand(text, {name: _NOWHERE, "service": f"http://{_NOWHERE}"}, env)
    except UsageError:
        return ""


def _in_url(text: str) -> dict[str, str]:
    try:
        url = urlsplit(text)
        parts = {"user": url.username, "password": url.password, "database": url.path.lstrip("/")}
    except ValueError:
        return {}
    return {field: unquote(value) for field, value in parts.items() if value}
