"""What is a person's: fields told by their names, each with what its value has to look like.

| kind | counts when its field's name tells and |
|---|---|
| name | it is letters |
| address | it has letters and a blank or a digit |
| birth-date | it is a day, with or without a time |
| coordinate | it is a number with a fraction, or two of them |
| phone | it is 7 to 15 digits |
| national-id | a check digit is right |
| ssn, nino | it is a number that may be issued |
| pin | it is 4 to 8 digits: pins of plugs and boards have fewer, or letters |
| high-entropy | it is 20 characters or more that look drawn at random |

Names are compared as `names` compares them. What no name tells is for `detectors`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from ci_gate.values.redaction.found import is_worth
from ci_gate.values.redaction.nationalids import bare, is_national_id, is_nino, is_ssn
from ci_gate.values.redaction.phones import is_phone

_NAMES: dict[str, str] = {
    "name": """
        first name, last name, full name, given name, family name, middle name, maiden name, surname,
        forename, customer name, contact name, recipient name, beneficiary name, patient name,
        passenger name, guest name, employee name, account holder, account holder name,
        account name holder, card holder, card holder name, name on card, billing name,
        shipping name, legal name, first names, last names, vorname, nachname, familienname,
        nombre completo, apellido, apellidos, primer apellido, segundo apellido, prenom,
        nom de famille, nome completo, sobrenome,
        voornaam, achternaam, imie, nazwisko, cognome, etternavn, fornavn, efternamn, fornamn""",
    "address": """
        street, street address, street name, street line1, street line2, street 1, street 2,
        address line, address line1, address line2, address line 1, address line 2, address1,
        address2, address 1, address 2, line1, line2, home address, postal address, mailing address,
        billing address, shipping address, delivery address, full address, residential address,
        strasse, adresse, anschrift, calle, direccion, logradouro, endereco, indirizzo, adres, ulica""",
    "birth-date": """
        birth date, birthdate, date of birth, dob, birth day, birthday, born on, born at, born,
        geburtsdatum, geburtstag, fecha nacimiento, fecha de nacimiento, data de nascimento, data nascimento,
        date de naissance, date naissance, geboortedatum, data urodzenia""",
    "coordinate": """
        lat, latitude, lng, lon, long, longitude, lat lng, lat long, lat lon, geo location,
        coordinates, gps, home location""",
    "phone": """
        phone, phone number, phone no, telephone, telephone number, tel, mobile, mobile number,
        mobile phone, mobile no, cell, cell phone, cell number, home phone, work phone, fax,
        fax number, contact number, contact phone, customer phone, msisdn, whatsapp, telefon,
        telefonnummer, telefono, telefone, celular, movil, handy, handynummer, portable,
        telefoon, phone1, phone2""",
    "national-id": """
        national id, national id number, national identifier, national identification number,
        identity number, id number, id card number, personal number, personal id, tax id, tax number,
        tax identification number, tin, taxpayer id, steuer id, steueridentifikationsnummer, idnr,
        steuernummer, nir, numero securite sociale, insee, dni, nie, nif, aadhaar, aadhaar number,
        aadhar, aadhar number, uid number, cpf, cnpj, cpf cnpj, document, document number,
        numero documento, documento, bsn, burgerservicenummer, citizen service number, pesel, fiscal code,
        person number""",
    "ssn": """
        ssn, social security, social security number, social security no, us ssn, social insurance number""",
    "nino": """
        nino, national insurance, national insurance number, ni number, uk nino""",
    "pin": """
        pin, pin number, card pin, user pin, security pin, login pin, account pin, atm pin, debit pin,
        transaction pin, new pin, old pin, current pin, confirm pin, mpin, upi pin, sim pin""",
}
_ENDINGS = frozenset(
    "token key secret password passwd passphrase credential credentials apikey".split()
)
"""Last words of names whose value is secret when it looks drawn at random."""
_HARMLESS = frozenset(
    """page next prev previous continuation cursor sync scroll skip idempotency public sort partition
    primary foreign cache dedup deduplication message routing object s3 etag hash row record lock group
    order search index map range shard column config translation i18n label issue project""".split()
)
"""Words that say that a token or a key opens nothing."""
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DAY = re.compile(
    r"(?:\d{4}([-/.])\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2\d{4}|(?:1[0-9]|20)\d\d(?:0[1-9]|1[0-2])(?:[0-3]\d))"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_COORDINATES = re.compile(r"-?\d{1,3}\.\d{2,20}(?:[,;] ?-?\d{1,3}\.\d{2,20})?")
_RANDOM = re.compile(r"[A-Za-z0-9+/_.~:|!=-]{20,4096}")
_CASES = re.compile(r"(?:[a-z]+[A-Z]+[a-z]*(?=[A-Z])){2}[A-Z]|(?:[a-z][A-Z]{2,}){2}")
"""Cases mixed as no words are."""
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PIN = re.compile(r"[0-9]{4,8}")
_LONGEST = 200


def _kinds() -> dict[str, str]:
    return {
        "".join(name.split()): kind for kind, names in _NAMES.items() for name in names.split(",")
    }


_BY_NAME = _kinds()


def _pattern() -> str:
    """Every such name in any spelling, for RE2 without case."""
    spelled = {
        "[_. -]?".join(name.split()) for names in _NAMES.values() for name in names.split(",")
    }
    endings = "|".join(sorted(_ENDINGS, reverse=True))
    named = "|".join(sorted(spelled, reverse=True))
    return f"(?:{named}|[A-Za-z0-9_.-]*(?:{endings}))"


PATTERN = _pattern()


@functools.lru_cache(maxsize=4096)
def personal_name(name: str) -> str:
    """The kind that a field of that name holds if its value looks like it; "" for other names."""
    if not 0 < len(name) <= 40:
        return ""
    kind = _BY_NAME.get(_SEPARATORS.sub("", name.lower()), "")
    if kind:
        return kind
    words = [word.lower() for word in _WORDS.findall(name)]
    if len(words) > 1 and words[-1] in _ENDINGS and not _HARMLESS.intersection(words):
        return "high-entropy"
    return ""


def is_of_kind(text: str, kind: str) -> bool:
    """True when a value looks like what its field's name says."""
    if not is_worth(text) or len(text) > (4096 if kind == "high-entropy" else _LONGEST):
        return False
    return _CHECKS[kind](text)


def looks_random(text: str) -> bool:
    """True for 20 characters or more of a token's alphabet that hold digits and letters, and no
    UUID: identifiers are everywhere."""
    if _RANDOM.fullmatch(text) is None or _UUID.fullmatch(text):
        return False
    letters = sum(sign.isalpha() for sign in text)
    digits = sum(sign.isdigit() for sign in text)
    mixed = digits >= 2 or _CASES.search(text) is not None
    return letters >= 4 and mixed and len(set(text)) >= 10


def _is_name(text: str) -> bool:
    letters = sum(sign.isalpha() for sign in text)
    return letters >= 2 and all(sign.isalpha() or sign in " .,'’-" for sign in text)


def _is_address(text: str) -> bool:
    if "@" in text or "://" in text or "{" in text:
        return False
    return any(sign.isalpha() for sign in text) and any(sign in " 0123456789" for sign in text)


_CHECKS: dict[str, Callable[[str], bool]] = {
    "name": _is_name,
    "address": _is_address,
    "birth-date": lambda text: _DAY.fullmatch(text) is not None,
    "coordinate": lambda text: _COORDINATES.fullmatch(text) is not None,
    "phone": is_phone,
    "national-id": is_national_id,
    "ssn": lambda text: is_ssn(bare(text)),
    "nino": lambda text: is_nino(bare(text)),
    "pin": lambda text: _PIN.fullmatch(text) is not None,
    "high-entropy": looks_random,
}
KINDS = tuple(_CHECKS)
"""The kinds of this module."""
