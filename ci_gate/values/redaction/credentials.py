"""Credentials in header fields: which characters of a value are secret, the scheme kept readable."""

from __future__ import annotations

import re

from ci_gate.values.redaction.found import is_worth

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,30})[ \t]+(\S.*)", re.DOTALL)
_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)=(?:"([^"]*)"|([^",\s]*))')
_PARAMETERS = re.compile(r'[A-Za-z0-9_-]+="?[A-Za-z0-9"]')
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{26,128}={0,2}")
# RFC 7616 section 3.4, AWS Signature Version 4: what is public, and needed to tell requests apart.
_PUBLIC = frozenset(
    (
        *("realm", "algorithm", "qop", "nc", "uri", "stale", "charset", "userhash", "version"),
        *("signedheaders", "headers", "oauth_signature_method", "oauth_version", "oauth_timestamp"),
        *("ts", "created", "expires"),
    )
)


def secret_spans(value: str) -> list[tuple[int, int, str]]:
    """(start, end, kind) of the secrets in the value of Authorization or the like, in order.

    `Basic` gives "basic-auth"; a list of parameters gives each that is not public; anything else
    is secret as a whole, behind its scheme if it has one.
    """
    found = _SCHEME.fullmatch(value)
    start = found.start(2) if found else 0
    rest = value[start:]
    if found and found[1].lower() == "basic":
        return [(start, len(value), "basic-auth")]
    if found and _PARAMETERS.match(rest):
        return [span for span in _parameters(value, start) if is_worth(value[span[0] : span[1]])]
    return [(start, len(value), "secret")] if is_worth(rest) else []


def signature_spans(value: str) -> list[tuple[int, int, str]]:
    """The same for a signature by a shared secret: its digits, of which a weak secret could be
    guessed. Times and versions beside them stay."""
    return [(*found.span(), "secret") for found in _SIGNATURE.finditer(value)]


def _parameters(value: str, start: int) -> list[tuple[int, int, str]]:
    spans = []
    for found in _PARAMETER.finditer(value, start):
        if found[1].lower() in _PUBLIC:
            continue
        begin, end = found.span(2 if found[2] is not None else 3)
        if found[1].lower() == "credential":
            # key/date/region/service/aws4_request: only the key is anybody's.
            end = begin + len(value[begin:end].partition("/")[0])
        spans.append((begin, end, "secret"))
    return spans
