"""Which password a stored hash belongs to, found by trying, for a bounded time."""

from __future__ import annotations

import base64
import json

import bcrypt
import pytest

from ci_gate.model.message import Headers, Part
from ci_gate.values.redaction import passwordpairs
from ci_gate.values.redaction.passwordhashes import seconds
from ci_gate.values.redaction.passwordpairs import PasswordPairs
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns

KEY = b"k" * 32


def stored(password: str) -> str:
    """A cheap hash."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def fits(password: str, made: str) -> bool:
    """What a service asks its library."""
    return bcrypt.checkpw(password.encode(), made.encode())


def body(**fields: object) -> Part:
    """A part of JSON."""
    return Part("body", json.dumps(fields).encode(), "json")


def said(redactor: Redactor, part: Part) -> dict[str, str]:
    """The fields of a part once it is redacted."""
    value = redactor.part(part)[0].value
    assert isinstance(value, bytes)
    found: dict[str, str] = json.loads(value)
    return found


@pytest.mark.parametrize("hash_first", [True, False])
def test_a_login_passes_with_what_is_kept(hash_first: bool) -> None:
    """The stand-in of the hash fits the stand-in of the password, whichever was met first, among
    others of both."""
    redactor = Redactor(StandIns(KEY))
    row, login = body(hash=stored("hunter22")), body(user="ada", password="hunter22")
    others = [body(password="wrong one"), body(hash=stored("nobody's")), body(token="a1B2c3D4e5F6")]
    parts = [row, *others, login] if hash_first else [login, *others, row]
    for part in parts:
        redactor.part(part)
    before = said(redactor, row)["hash"]
    assert redactor.pair_passwords() == ""
    assert redactor.remembers
    password, made = said(redactor, login)["password"], said(redactor, row)["hash"]
    assert "hunter22" not in password
    assert fits(password, made)
    assert not fits(password, before)
    assert not fits("hunter22", made)
    assert said(redactor, body(hash=before))["hash"] == made  # as the journal has it
    assert not fits(password, said(redactor, others[1])["hash"])


def test_the_same_key_gives_the_same_pair_and_redacting_it_changes_nothing() -> None:
    """A later recording of the same password and hash keeps both; under any key they are clean."""
    made = stored("hunter22")
    kept = []
    for _ in range(2):
        redactor = Redactor(StandIns(KEY))
        for part in (body(hash=made), body(password="hunter22")):
            redactor.part(part)
        redactor.pair_passwords()
        kept.append(said(redactor, body(hash=made, password="hunter22")))
    assert kept[0] == kept[1]
    again = Redactor(StandIns(b"o" * 32))
    assert again.part(body(**kept[0]))[1] == ()
    assert again.pair_passwords() == ""
    assert again.part(body(**kept[0]))[1] == ()
    assert not again.counts


def test_passwords_of_basic_credentials_and_forms_belong_too() -> None:
    """Wherever a password stands it has one stand-in, and its hash fits that."""
    redactor = Redactor(StandIns(KEY))
    basic = b"Basic " + base64.b64encode(b"ada:hunter22")
    fields: Headers = ((b"Authorization", basic),)
    clean = redactor.part(Part("headers", fields, "headers"))[0].value
    form = redactor.part(Part("body", b"user=bob&password=swordfish9", "form"))[0].value
    rows = {name: body(digest=stored(name)) for name in ("hunter22", "swordfish9")}
    for one in rows.values():
        redactor.part(one)
    redactor.pair_passwords()
    assert isinstance(clean, tuple)
    assert isinstance(form, bytes)
    sent = base64.b64decode(clean[0][1].split()[1]).decode().partition(":")[2]
    assert fits(sent, said(redactor, rows["hunter22"])["digest"])
    assert fits(form.decode().rpartition("=")[2], said(redactor, rows["swordfish9"])["digest"])


@pytest.mark.parametrize("field", [{"pin": "4711"}, {"pin": 471108}, {"password": 47110815}])
def test_digits_belong_too(field: dict[str, object]) -> None:
    """A PIN, and a password that is a number: a service hashes its digits."""
    redactor = Redactor(StandIns(KEY))
    ((name, value),) = field.items()
    rows = body(hash=stored(str(value)))
    redactor.part(body(**field))
    redactor.part(rows)
    assert redactor.pair_passwords() == ""
    new = said(redactor, body(**field))[name]
    assert new != value
    assert fits(str(new), said(redactor, rows)["hash"])


def test_a_password_that_is_no_secret_stays_and_fits() -> None:
    """The word "password" is kept as it is, so its hash has to fit it."""
    redactor = Redactor(StandIns(KEY))
    made = stored("password")
    assert said(redactor, body(password="password"))["password"] == "password"
    redactor.part(body(hash=made))
    redactor.pair_passwords()
    new = said(redactor, body(hash=made))["hash"]
    assert new != made
    assert fits("password", new)


def test_the_nearest_is_tried_first_and_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With time for so many trials, each hash has its turn with the password next to it before any
    has a second one; what was left is counted."""
    pairs = PasswordPairs()
    hashes = [stored(f"password {at}") for at in range(4)]
    for at, one in enumerate(hashes):
        pairs.password(f"password {at}", f"kept {at}")
        pairs.hash(one, StandIns(KEY).stand_in("secret", one))
    pairs.hash(stored("never met"), "stand-in")
    cost = seconds(hashes[0])
    monkeypatch.setattr(passwordpairs, "BUDGET", cost * 9.5)
    monkeypatch.setattr(passwordpairs, "WORDS", ())
    found, untried = pairs.found()
    assert len(found) == 4
    assert untried == 1
    for at, one in enumerate(hashes):
        assert fits(f"kept {at}", found[StandIns(KEY).stand_in("secret", one)])


def test_so_many_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traffic decides how many there are, so there is a limit; what is too long is no password."""
    monkeypatch.setattr(passwordpairs, "MOST", 2)
    pairs = PasswordPairs()
    pairs.password("x" * 1000, "long")
    for name in ("one", "two", "three"):
        pairs.password(name, name)
    made = [stored(name) for name in ("two", "three")]
    for one in made:
        pairs.hash(one, StandIns(KEY).stand_in("secret", one))
    found, untried = pairs.found()
    assert list(found) == [StandIns(KEY).stand_in("secret", made[0])]
    assert untried == 0


def test_hashes_left_untried_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """People learn why a login fails on replay."""
    monkeypatch.setattr(passwordpairs, "BUDGET", 0.0)
    redactor = Redactor(StandIns(KEY))
    for part in (body(password="hunter22"), body(hash=stored("hunter22"))):
        redactor.part(part)
    assert redactor.pair_passwords().startswith("1 stored hashes of passwords were not compared")
    assert redactor.fitted == {}
