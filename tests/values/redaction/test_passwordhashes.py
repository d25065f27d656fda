"""Stored hashes: each spelling is computed as its own library does, and has stand-ins that fit."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable

import bcrypt
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf import argon2
from django.conf import settings
from django.contrib.auth import hashers
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.security import check_password_hash, generate_password_hash

from ci_gate.values.redaction.passwordhashes import (
    BEGINNING,
    DEAREST,
    HASH,
    fitting,
    hash_stand_in,
    is_hash_stand_in,
    is_password_hash,
    seconds,
)
from ci_gate.values.redaction.standins import StandIns, is_stand_in

if not settings.configured:
    settings.configure()
PASSWORD = "walnut crackers é"
OTHER = "another one"
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$abcdefghijklmnopqrstuO").decode()
Check = Callable[[str, str], bool]


class _FastPbkdf2(hashers.PBKDF2PasswordHasher):
    iterations = 10


class _FastSha1(hashers.PBKDF2SHA1PasswordHasher):
    iterations = 10


def _django(hasher: hashers.BasePasswordHasher) -> tuple[str, Check]:
    made = hasher.encode(PASSWORD, hasher.salt())
    return made, lambda password, stored: hasher.verify(password, stored)


def _werkzeug(method: str) -> tuple[str, Check]:
    made = generate_password_hash(PASSWORD, method)
    return made, lambda password, stored: check_password_hash(stored, password)


def _bcrypt(prefix: str, version: str = "2b", *, sha256: bool = False) -> tuple[str, Check]:
    def said(password: str) -> bytes:
        data = password.encode()
        return hashlib.sha256(data).hexdigest().encode() if sha256 else data

    def check(password: str, stored: str) -> bool:
        return bcrypt.checkpw(said(password), stored.removeprefix(prefix).encode())

    made = bcrypt.hashpw(said(PASSWORD), bcrypt.gensalt(4)).decode()
    return prefix + made.replace("$2b$", f"${version}$"), check


def _argon2(kind: type[argon2.Argon2id], prefix: str = "") -> tuple[str, Check]:
    try:
        maker = kind(salt=os.urandom(16), length=32, iterations=1, lanes=2, memory_cost=64)
    except UnsupportedAlgorithm:
        pytest.skip("this OpenSSL has no Argon2")

    def check(password: str, stored: str) -> bool:
        try:
            kind.verify_phc_encoded(password.encode(), stored.removeprefix(prefix))
        except Exception:
            return False
        return True

    return prefix + maker.derive_phc_encoded(PASSWORD.encode()), check


CASES: dict[str, Callable[[], tuple[str, Check]]] = {
    "bcrypt": lambda: _bcrypt(""),
    "bcrypt 2a": lambda: _bcrypt("", "2a"),
    "bcrypt 2y": lambda: _bcrypt("", "2y"),
    "bcrypt of Spring": lambda: _bcrypt("{bcrypt}"),
    "bcrypt of Django": lambda: _bcrypt("bcrypt$"),
    "bcrypt of SHA-256": lambda: _bcrypt("bcrypt_sha256$", sha256=True),
    "Django PBKDF2": lambda: _django(_FastPbkdf2()),
    "Django PBKDF2 SHA-1": lambda: _django(_FastSha1()),
    "Django scrypt": lambda: _django(hashers.ScryptPasswordHasher()),
    "Werkzeug PBKDF2": lambda: _werkzeug("pbkdf2:sha256:10"),
    "Werkzeug PBKDF2 SHA-512": lambda: _werkzeug("pbkdf2:sha512:10"),
    "Werkzeug scrypt": lambda: _werkzeug("scrypt:1024:8:1"),
    "Argon2id": lambda: _argon2(argon2.Argon2id),
    "Argon2id of Django": lambda: _argon2(argon2.Argon2id, "argon2"),
    "Argon2i": lambda: _argon2(argon2.Argon2i),  # type: ignore[arg-type]  # made alike
    "Argon2d": lambda: _argon2(argon2.Argon2d),  # type: ignore[arg-type]  # made alike
}


@pytest.mark.parametrize("name", CASES)
def test_a_stand_in_fits_another_password(name: str) -> None:
    """The library that made a hash takes the stand-in for one of the new password and of no other;
    scheme and cost are the value's."""
    made, check = CASES[name]()
    assert fitting(made, PASSWORD) == made
    assert fitting(made, OTHER) != made
    bare = hash_stand_in(made, os.urandom(32))
    new = fitting(bare, OTHER)
    assert check(OTHER, new)
    assert not check(PASSWORD, new)
    assert not check(OTHER, bare)
    assert re.split(r"\$", new)[:-2] == re.split(r"\$", bare)[:-2]
    for one in (bare, new):
        assert is_password_hash(one)
        assert is_hash_stand_in(one)
        assert is_stand_in(one) == "password-hash"
    assert is_stand_in(made) == ""


@pytest.mark.parametrize(
    "stored",
    [
        "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    ],
)
def test_what_passlib_documents_is_computed(stored: str) -> None:
    """Passlib's own examples, of the word "password"."""
    assert fitting(stored, "password") == stored
    new = fitting(hash_stand_in(stored, b"s" * 32), OTHER)
    assert is_hash_stand_in(new)
    assert len(new) == len(stored)


@pytest.mark.parametrize("name", CASES)
def test_a_beginning_leads_to_the_whole(name: str) -> None:
    """What the detectors look for begins every hash and ends with it."""
    made, _ = CASES[name]()
    for one in (made, hash_stand_in(made, b"s" * 32)):
        begun = re.match(BEGINNING, one)
        assert begun is not None
        assert begun.end() == len(one)
        whole = HASH.match(one + '"')
        assert whole is not None
        assert whole[0] == one


@pytest.mark.parametrize(
    "stored",
    [
        BCRYPT.replace("$04$", "$31$"),
        "pbkdf2:sha256:99999999$abcdefgh$" + "0" * 64,
        "scrypt:99999999:8:1$abcdefgh$" + "0" * 128,
        "$scrypt$ln=99,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0",
    ],
)
def test_what_is_too_dear_is_not_computed(stored: str) -> None:
    """Time and memory are what the sender says, so there is a limit; it has a stand-in all the
    same."""
    assert is_password_hash(stored)
    assert seconds(stored) == 0.0
    assert fitting(stored, PASSWORD) == ""
    assert is_hash_stand_in(hash_stand_in(stored, b"s" * 32))


@pytest.mark.parametrize(
    "stored",
    [
        BCRYPT.replace("$04$", "$00$"),
        "scrypt:1000:8:1$abcdefgh$" + "0" * 128,
        "pbkdf2:sha256:0$abcdefgh$" + "0" * 64,
        "$argon2id$v=19$m=1,t=1,p=9$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0",
    ],
)
def test_costs_that_are_none_fit_nothing(stored: str) -> None:
    """No error comes of a hash that no library would take."""
    assert is_password_hash(stored)
    assert fitting(stored, PASSWORD) == ""


def test_what_bcrypt_cuts_off_is_cut_off() -> None:
    """Passwords of more than 72 bytes were stored by their first 72."""
    long = "p" * 90
    stored = bcrypt.hashpw(b"p" * 72, bcrypt.gensalt(4)).decode()
    assert fitting(stored, long) == stored
    assert fitting(stored, long + "q") == stored


@pytest.mark.parametrize(
    "text",
    ["", "$2b$12$short", "x" + BCRYPT, BCRYPT + "x", "$6$salt$" + "a" * 86, "price: $2b$"],
)
def test_other_texts_are_none(text: str) -> None:
    """What only resembles a hash, and spellings that are not read."""
    assert not is_password_hash(text)
    assert not is_hash_stand_in(text)
    assert fitting(text, PASSWORD) == ""
    assert hash_stand_in(text, b"s" * 32) == ""


def test_stand_ins_are_keyed_and_stay() -> None:
    """One value has one stand-in under a key, another one under another, and that is left alone."""
    one, other = StandIns(b"1" * 32), StandIns(b"2" * 32)
    new = one.stand_in("secret", BCRYPT)
    assert new == StandIns(b"1" * 32).stand_in("password-hash", BCRYPT)
    assert new != other.stand_in("secret", BCRYPT)
    assert one.stand_in("secret", new) == other.stand_in("secret", new) == new


@given(
    st.text(alphabet="$2abxy04.:,=/pbkdfscrtgonhi_0123456789A", max_size=120), st.text(max_size=8)
)
def test_anything_is_read_without_an_error(tail: str, password: str) -> None:
    """Whatever stands behind a beginning: no error, and no more seconds than are allowed."""
    for head in ("$2b$04$", "pbkdf2_sha256$1$", "scrypt$2$", "$argon2id$v=19$m=8,t=1,p=1$"):
        text = head + tail
        assert seconds(text) <= DEAREST
        assert fitting(text, password) == "" or is_password_hash(text)
