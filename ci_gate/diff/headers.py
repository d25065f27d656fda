"""Which header fields are compared, and how. Exact names only: nothing is guessed from a name.

| fields | compared |
|---|---|
| hop-by-hop (RFC 9110 section 7.6.1), Date, Content-Length | not at all |
| `PRESENCE` | that they are there, not what they say |
| everything else | every value, in the order of the fields with the same name |

The order between fields of different names is ignored (RFC 9110 section 5.3). Fields that
`Connection` nominates are compared all the same: a change must not be able to hide a field by
nominating it.
"""

from __future__ import annotations

from ci_gate.model.message import Headers

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

EXCLUDED = HOP_BY_HOP | {b"date", b"content-length"}
"""Not compared: framing, which the codec judges, and the time of day."""

PRESENCE = frozenset(
    {
        # request and trace ids
        b"x-request-id",
        b"x-correlation-id",
        b"request-id",
        b"traceparent",
        b"tracestate",
        b"b3",
        b"x-b3-traceid",
        b"x-b3-spanid",
        b"x-b3-parentspanid",
        b"x-b3-sampled",
        b"x-b3-flags",
        b"x-trace-id",
        b"x-amzn-trace-id",
        b"x-amzn-requestid",
        b"x-amz-request-id",
        b"x-amz-id-2",
        b"x-cloud-trace-context",
        # who answered, and how long it took
        b"cf-ray",
        b"server",
        b"via",
        b"x-powered-by",
        b"server-timing",
        b"x-runtime",
        b"x-response-time",
        b"age",
        b"x-served-by",
        b"x-cache",
    }
)
"""Presence is compared, the value is not."""

Signature = tuple[tuple[bytes, tuple[bytes, ...]], ...]
"""Compared fields by lower-case name, sorted; the values of a `PRESENCE` field are left out."""

_LIMIT = 1024
_signatures: dict[Headers, Signature] = {}
_known: dict[Signature, Signature] = {}


def by_name(headers: Headers) -> dict[bytes, list[bytes]]:
    """The values of every field that is compared at all, by lower-case name, in order."""
    fields: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        lower = name.lower()
        if lower not in EXCLUDED:
            fields.setdefault(lower, []).append(value.strip(b" \t"))
    return fields


def signature(headers: Headers) -> Signature:
    """What comparing looks at in `headers`; equal signatures mean no difference.

    Memoised by the header tuple in a bounded cache (hot path): a service that says the same
    headers again costs one dictionary look-up.
    """
    known = _signatures.get(headers)
    if known is not None:
        return known
    made = tuple(
        (name, () if name in PRESENCE else tuple(values))
        for name, values in sorted(by_name(headers).items())
    )
    if len(_signatures) >= _LIMIT:
        _signatures.clear()
        _known.clear()
    # Equal signatures are one object, so that comparing two of them is comparing addresses.
    made = _known.setdefault(made, made)
    _signatures[headers] = made
    return made
