"""`${…}` in the configuration: addresses that are known only at run time, and variables.

    ${payments.url}       http://127.0.0.1:41234, where this dependency is served now
    ${orders-db.address}  127.0.0.1:41235       (.host and .port are its halves)
    ${service.port}       8080                  (also .url, .address, .host)
    ${env.NAME}           a variable that must be set
    ${env.NAME:-default}  a variable with a default for when it is unset or empty
    ${secret.NAME}        a secret made for this run; in service.env only
    $${                   a literal ${

In a shell line, `${…}` that is none of these is the shell's own and stays. The values of variables
appear in no error and in no output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from ci_gate.config.problems import hint
from ci_gate.errors import UsageError

SERVICE = "service"
MADE = "secret"
"""What is made for a run: `${secret.NAME}`."""
_FIELDS = ("url", "address", "host", "port")
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_ANY = re.compile(r"\$\{([^{}]*)\}|\$\{")
_OURS = re.compile(r"env\.|secret\.|[A-Za-z0-9._-]+\.(?:url|address|host|port)\Z")
"""No shell variable has a dot in its name."""
_NONE: Mapping[str, str] = {}
_VARIABLE = re.compile(r"env\.([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?\Z", re.DOTALL)


def expand(
    text: str,
    addresses: Mapping[str, str],
    env: Mapping[str, str],
    place: str = "",
    *,
    shell: bool = False,
    secrets: Mapping[str, str] = _NONE,
) -> str:
    """`text` with every reference replaced.

    `addresses` maps "service" and each dependency's name to a URL ("http://127.0.0.1:41234") or
    to "host:port"; `place` names the text in errors ("service.env.DATABASE_URL"); `shell` says
    that `text` is a shell line; `secrets` are those of this run, by name.
    Raises UsageError for an unknown reference and for a variable that is unset without default.
    """

    def value(reference: str) -> str:
        name, _, field = reference.rpartition(".")
        if name in addresses and field in _FIELDS:
            found = _field(addresses[name], field)
            if found:
                return found
        if name == MADE and field in secrets:
            return secrets[field]
        raise _unknown(reference, addresses, place)

    return _replace(text, value, env, place, shell)


def check_references(
    text: str,
    names: Collection[str],
    env: Mapping[str, str],
    place: str = "",
    *,
    shell: bool = False,
    secrets: Collection[str] = (),
) -> None:
    """Raise what `expand` would raise, before any address is known: `names` will have one."""

    def value(reference: str) -> str:
        name, _, field = reference.rpartition(".")
        if (name in names and field in _FIELDS) or (name == MADE and field in secrets):
            return ""
        raise _unknown(reference, names, place)

    _replace(text, value, env, place, shell)


def variable_values(text: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the variables that `text` refers to, as far as they are set."""
    names = [_VARIABLE.match(found[1] or "") for found in _REFERENCE.finditer(text)]
    return tuple(value for name in names if name and (value := env.get(name[1], "")))


def escape_foreign(text: str) -> str:
    """`text` so that `expand` changes our references in it and nothing else.

    For a command from the command line: its `${HOME}` is for the shell that it starts.
    """
    return _ANY.sub(lambda found: found[0] if _OURS.match(found[1] or "") else "$" + found[0], text)


def _replace(
    text: str, value: Callable[[str], str], env: Mapping[str, str], place: str, shell: bool
) -> str:
    def one(found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        reference = found[1]
        if shell and (reference is None or not _OURS.match(reference)):
            return found[0]
        if reference is None:
            raise UsageError(_at(place, "${ without }; write $${ for a literal ${"))
        if reference.startswith("env."):
            return _variable(reference, env, place)
        return value(reference)

    return _REFERENCE.sub(one, text)


def _variable(reference: str, env: Mapping[str, str], place: str) -> str:
    found = _VARIABLE.match(reference)
    if not found:
        text = f"${{{reference[:60]}}} is not ${{env.NAME}} or ${{env.NAME:-default}}"
        raise UsageError(_at(place, text))
    name, default = found[1], found[2]
    value = env.get(name, "")
    if value or (default is None and name in env):
        return value
    if default is None:
        remedy = f"set {name}, or give a default: ${{env.{name}:-default}}"
        raise UsageError(_at(place, f"the variable {name} is not set; {remedy}"))
    return default


def _field(address: str, field: str) -> str:
    """One field of an address; "" when it has none (the URL of what is no HTTP server)."""
    if "://" in address:
        parts = urlsplit(address)
        host = parts.hostname or ""
        number = str(parts.port or (443 if parts.scheme == "https" else 80))
        url = address.rstrip("/")
    else:
        host, _, number = address.rpartition(":")
        host, url = host.strip("[]"), ""
    joined = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
    return {"url": url, "address": joined, "host": host, "port": number}[field]


def _unknown(reference: str, names: Collection[str], place: str) -> UsageError:
    allowed = [f"{name}.url" for name in names if name != SERVICE]
    allowed += ["service.port", "env.NAME", "env.NAME:-default"]
    known = [f"{name}.{field}" for name in names for field in _FIELDS]
    if reference.startswith(f"{MADE}."):
        text = f"${{{reference[:80]}}}: secrets are given to the service, in service.env"
        return UsageError(_at(place, text))
    text = f"unknown reference ${{{reference[:80]}}}; allowed: {', '.join(allowed)}"
    return UsageError(_at(place, text + " (also .address, .host, .port)" + hint(reference, known)))


def _at(place: str, text: str) -> str:
    return f"{place}: {text}" if place else text
