"""Stored hashes of passwords: the spellings that say how they were made, so that one can be made
anew for another password.

| scheme | spelled by |
|---|---|
| bcrypt | `$2a$`, `$2b$`, `$2x$`, `$2y$`; behind `{bcrypt}` (Spring), `bcrypt$`, `bcrypt_sha256$` (Django) |
| PBKDF2 | Django `pbkdf2_sha256$`, Werkzeug `pbkdf2:sha256:`, Passlib `$pbkdf2-sha256$` |
| scrypt | Django `scrypt$`, Werkzeug `scrypt:`, Passlib `$scrypt$` (the PHC string format) |
| Argon2 | `$argon2id$`, `$argon2i$`, `$argon2d$` (the PHC string format); behind `argon2` (Django) |

A stand-in has scheme and cost of its value, so that no service wants to hash anew. Its salt holds
a check, by which it is recognised without the key.
"""

from __future__ import annotations

import hashlib
import re
import string
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import NamedTuple

from ci_gate.values.redaction import checkmark

DEAREST = 3.0
"""Seconds of one hash that is still computed; who sends traffic chooses what it costs."""
_MEMORY = 1 << 28
"""Bytes of one."""
_MARK = "redacted"
_SALT = 12
"""Signs of the shortest salt of a stand-in."""
_LONGEST = 512
_SIGNS = string.ascii_lowercase + string.digits
_HEX = "0123456789abcdef"
_PADDED = re.compile(r"=*\Z")


class _Hash(NamedTuple):
    """A hash taken apart: `head` names scheme and cost, `middle` stands behind the salt."""

    scheme: _Scheme
    head: str
    salt: str
    middle: str
    digest: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """The costs, in the order written: what is not part of a word."""
        return tuple(map(int, re.findall(r"(?<![a-z\d])\d+(?![a-z\d])", self.head + self.middle)))


class _Scheme(NamedTuple):
    """One spelling: what it looks like, how its digest is made, what that costs."""

    pattern: re.Pattern[str]
    """Groups: head, salt, middle, digest."""
    derive: Callable[[_Hash, bytes], str]
    seconds: Callable[[_Hash], float]
    last: str = ""
    """The last sign of a salt that stands for bytes: one without stray bits."""


def is_password_hash(text: str) -> bool:
    """True for a stored hash in one of the spellings above."""
    return _parsed(text) is not None


def hash_stand_in(text: str, seed: bytes) -> str:
    """The stand-in of a hash, of 32 bytes of seed; no password fits it (`fitting`). "" for a text
    that is none."""
    found = _parsed(text)
    if found is None:
        return ""
    drawn = hashlib.shake_256(seed).digest(2 * _LONGEST)
    signs = _HEX if set(found.digest) <= set(_HEX) else _SIGNS
    padding = _PADDED.search(found.digest)
    size = padding.start() if padding else len(found.digest)
    digest = "".join(signs[byte % len(signs)] for byte in drawn[_LONGEST : _LONGEST + size])
    if signs is _SIGNS:
        digest = digest[:-1] + "A"
    salt = _salt(len(found.salt), drawn, found.scheme.last)
    return f"{found.head}{salt}{found.middle}{digest}{found.digest[size:]}"


def is_hash_stand_in(text: str) -> bool:
    """True for what `hash_stand_in` makes, and for one made to fit a password."""
    found = _parsed(text)
    if found is None or len(found.salt) < _SALT:
        return False
    body, check = _cut(found.salt, found.scheme.last)
    return checkmark.check_hex(_MARK + body) == check


def seconds(text: str) -> float:
    """About what it costs to compute the hash once, on one core; 0.0 when it is not done."""
    found = _parsed(text)
    cost = found.scheme.seconds(found) if found is not None else 0.0
    return cost if cost <= DEAREST else 0.0


def fitting(text: str, password: str) -> str:
    """The hash with the salt and the cost of `text` that the password fits; "" where it cannot be
    computed. A password fits `text` when this is `text`."""
    found = _parsed(text)
    if found is None or not seconds(text):
        return ""
    try:
        digest = found.scheme.derive(found, password.encode("utf-8", "surrogatepass"))
    except (ValueError, MemoryError, ArithmeticError, _unsupported()):
        return ""  # a cost that is none, or a scheme that this machine's libraries lack
    return f"{found.head}{found.salt}{found.middle}{digest}"


def _parsed(text: str) -> _Hash | None:
    if not 40 <= len(text) <= _LONGEST or "$" not in text or not text.isascii():
        return None
    for scheme in _SCHEMES:
        found = scheme.pattern.fullmatch(text)
        if found is not None:
            return _Hash(scheme, found[1], found[2], found[3], found[4])
    return None


def _salt(size: int, drawn: bytes, last: str) -> str:
    room = max(size, _SALT) - checkmark.CHECK - len(last)
    mark = _MARK if room >= len(_MARK) + 4 else ""
    body = mark + "".join(_SIGNS[byte % len(_SIGNS)] for byte in drawn[: room - len(mark)])
    return body + checkmark.check_hex(_MARK + body) + last


def _cut(salt: str, last: str) -> tuple[str, str]:
    end = len(salt) - len(last)
    return salt[: end - checkmark.CHECK], salt[end - checkmark.CHECK : end]


# -- the schemes


def _bcrypt(found: _Hash, password: bytes) -> str:
    import bcrypt  # only where a hash is computed

    if "_sha256" in found.head:
        password = hashlib.sha256(password).hexdigest().encode()
    settings = found.head[found.head.index("$2") :] + found.salt
    # What is longer than 72 bytes was cut off when it was stored, too.
    return bcrypt.hashpw(password[:72], settings.encode()).decode()[len(settings) :]


def _pbkdf2(found: _Hash, password: bytes, salt: bytes) -> bytes:
    named = re.search(r"sha\d+", found.head)
    return hashlib.pbkdf2_hmac(named[0] if named else "sha1", password, salt, found.numbers[0])


def _django_pbkdf2(found: _Hash, password: bytes) -> str:
    return b64encode(_pbkdf2(found, password, found.salt.encode())).decode()


def _werkzeug_pbkdf2(found: _Hash, password: bytes) -> str:
    return _pbkdf2(found, password, found.salt.encode()).hex()


def _passlib_pbkdf2(found: _Hash, password: bytes) -> str:
    salt = _bytes(found.salt.replace(".", "+"))
    return _text(_pbkdf2(found, password, salt)).replace("+", ".")


def _scrypt(found: _Hash, password: bytes, salt: bytes, size: int) -> bytes:
    n, r, p = _scrypt_cost(found)
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=2 * _MEMORY, dklen=size)


def _django_scrypt(found: _Hash, password: bytes) -> str:
    return b64encode(_scrypt(found, password, found.salt.encode(), 64)).decode()


def _werkzeug_scrypt(found: _Hash, password: bytes) -> str:
    return _scrypt(found, password, found.salt.encode(), 64).hex()


def _passlib_scrypt(found: _Hash, password: bytes) -> str:
    return _text(_scrypt(found, password, _bytes(found.salt), len(_bytes(found.digest))))


def _argon2(found: _Hash, password: bytes) -> str:
    from cryptography.hazmat.primitives.kdf import argon2

    memory, passes, lanes = found.numbers[-3:]
    kind = next(one for one in (argon2.Argon2id, argon2.Argon2i, argon2.Argon2d)
                if f"${one.__name__.lower()}$" in found.head)  # fmt: skip
    maker = kind(
        salt=_bytes(found.salt),
        length=len(_bytes(found.digest)),
        iterations=passes,
        lanes=lanes,
        memory_cost=memory,
    )
    return _text(maker.derive(password))


def _unsupported() -> type[Exception]:
    from cryptography.exceptions import UnsupportedAlgorithm

    return UnsupportedAlgorithm


def _bytes(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4))


def _text(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


def _scrypt_cost(found: _Hash) -> tuple[int, int, int]:
    n, r, p = found.numbers
    return (1 << min(n, 62) if "ln=" in found.head else n), r, p


def _bcrypt_seconds(found: _Hash) -> float:
    return float(7e-5 * 2 ** found.numbers[-1])


def _pbkdf2_seconds(found: _Hash) -> float:
    return 5e-7 * found.numbers[0]


def _scrypt_seconds(found: _Hash) -> float:
    n, r, p = _scrypt_cost(found)
    return 7e-7 * n * r * p if 128 * n * r <= _MEMORY else 0.0


def _argon2_seconds(found: _Hash) -> float:
    memory, passes, _ = found.numbers[-3:]
    return 2e-6 * memory * passes if memory * 1024 <= _MEMORY else 0.0


def _scheme(
    pattern: str,
    derive: Callable[[_Hash, bytes], str],
    cost: Callable[[_Hash], float],
    last: str = "",
) -> _Scheme:
    return _Scheme(re.compile(pattern), derive, cost, last)


_ALNUM = r"([A-Za-z0-9]{1,64})"
_BASE64 = r"([A-Za-z0-9+/]{11,128})"
_SCHEMES = (
    _scheme(
        r"((?:\{bcrypt\}|bcrypt(?:_sha256)?\$)?\$2[abxy]\$[0-3]\d\$)"
        r"([./A-Za-z0-9]{22})()([./A-Za-z0-9]{31})",
        _bcrypt,
        _bcrypt_seconds,
        "O",
    ),
    _scheme(
        rf"(pbkdf2_sha(?:1|256|512)\$\d{{1,8}}\$){_ALNUM}(\$)([A-Za-z0-9+/]{{27,86}}={{0,2}})",
        _django_pbkdf2,
        _pbkdf2_seconds,
    ),
    _scheme(
        rf"(pbkdf2:sha(?:1|224|256|384|512):\d{{1,8}}\$){_ALNUM}(\$)([0-9a-f]{{40,128}})",
        _werkzeug_pbkdf2,
        _pbkdf2_seconds,
    ),
    _scheme(
        r"(\$pbkdf2(?:-sha256|-sha512)?\$\d{1,8}\$)([./A-Za-z0-9]{11,128})(\$)"
        r"([./A-Za-z0-9]{27,86})",
        _passlib_pbkdf2,
        _pbkdf2_seconds,
        "A",
    ),
    _scheme(
        rf"(scrypt\$\d{{1,8}}\$){_ALNUM}(\$\d{{1,3}}\$\d{{1,3}}\$)([A-Za-z0-9+/]{{86}}==)",
        _django_scrypt,
        _scrypt_seconds,
    ),
    _scheme(
        rf"(scrypt:\d{{1,8}}:\d{{1,3}}:\d{{1,3}}\$){_ALNUM}(\$)([0-9a-f]{{128}})",
        _werkzeug_scrypt,
        _scrypt_seconds,
    ),
    _scheme(
        rf"(\$scrypt\$ln=\d{{1,2}},r=\d{{1,3}},p=\d{{1,3}}\$){_BASE64}(\$){_BASE64}",
        _passlib_scrypt,
        _scrypt_seconds,
        "A",
    ),
    _scheme(
        r"((?:argon2)?\$argon2(?:id|i|d)\$v=19\$m=\d{1,8},t=\d{1,4},p=\d{1,3}\$)"
        rf"{_BASE64}(\$){_BASE64}",
        _argon2,
        _argon2_seconds,
        "A",
    ),
)
BEGINNING = (
    r"(?:(?:\{bcrypt\}|\bbcrypt(?:_sha256)?\$)?\$2[abxy]\$[0-3][0-9]\$"
    r"|\bpbkdf2_sha(?:1|256|512)\$|\bpbkdf2:sha[0-9]{1,3}:|\$pbkdf2(?:-sha256|-sha512)?\$"
    r"|\bscrypt[$:][0-9]|\$scrypt\$ln=|(?:\bargon2)?\$argon2(?:id|i|d)\$v=)"
    r"[A-Za-z0-9+/.$:=,\\]*"
)
"""How one begins, in the common subset of RE2 and `re`, and on to the end of what it is made of."""
HASH = re.compile("|".join(re.sub(r"\((?!\?)", "(?:", one.pattern.pattern) for one in _SCHEMES))
"""A whole one, to be matched where one begins."""
