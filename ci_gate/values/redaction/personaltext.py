"""Finding what is a person's by its own form, anywhere in bytes: numbers with check digits, numbers
in groups, addresses of machines. What has neither needs a telling name (`personal`).

The patterns are for RE2, without groups; the checks run where one matched.
"""

from __future__ import annotations

import re

from ci_gate.values.redaction.found import Found
from ci_gate.values.redaction.iban import is_iban
from ci_gate.values.redaction.nationalids import (
    bare,
    is_aadhaar,
    is_cnpj,
    is_cpf,
    is_national_id,
    is_nino,
    is_nir,
    is_spanish,
    is_ssn,
    is_steuer_id,
)
from ci_gate.values.redaction.network import is_mac, is_network_stand_in, is_public_ip
from ci_gate.values.redaction.phones import is_foreign, is_phone, is_phone_stand_in

_LABELS = r"(?i:pesel|bsn|steuer-?id|idnr|aadhaar|cpf|cnpj|dni|nie|nir|ssn|nino)"
_CALLS = r"(?i:tel|phone|telefon|telephone|fax|mobile|mobil|cell)"
PATTERNS = (
    r"\b[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,4})?)\b",
    r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b",
    r"\b[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,34}",
    r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b",
    r"\b[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}\b",
    r"\b[1-478][ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9][0-9AB][ .]?[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{2}\b",
    r"\b(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-HJ-NP-TV-Z]\b",
    r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b",
    r"\b[0-9]{2}\.[0-9]{3}\.[0-9]{3}\\?/[0-9]{4}-[0-9]{2}\b",
    r"\b[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}\b",
    r"\b[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}\b",
    r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
    r"\b[A-Z]{2} [0-9]{2} [0-9]{2} [0-9]{2} [A-D]\b",
    r"\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}\b",
    r"\([02-9][0-9]{2}\) ?[0-9]{3}-[0-9]{4}\b",
    r"\b[02-9][0-9]{2}-[0-9]{3}-[0-9]{4}\b",
    r"\b0[0-9](?:[ .][0-9]{2}){4}\b",
    r"\b0[0-9]{2,4} [0-9]{3,4} [0-9]{3,4}\b",
    r"\b" + _LABELS + r"\b[ \t.:=#]{1,4}[A-Z]{0,2}[0-9][0-9A-Z ./-]{6,22}[0-9A-Z]",
    r"\b" + _CALLS + r"[.:=]{1,2} ?[0-9(][0-9 ()/.-]{5,18}[0-9]",
)

_LABEL = re.compile(_LABELS + r"[ \t.:=#]{1,4}")
_CALL = re.compile(_CALLS + r"[.:=]{1,2} ?")
_AMERICAN = re.compile(r"(?:\([02-9]\d\d\) ?|[02-9]\d\d-)[02-9]\d\d-\d{4}")
_GROUPED = re.compile(r"0\d(?:([ .])\d\d)(?:\1\d\d){3}|0\d{2,4} \d{3,4} \d{3,4}")
_IN_NUMBER = re.compile(rb"[0-9A-Za-z]")
_JOINTS = (b"-", b"_")
_HEX_GROUPS = re.compile(rb"[:-][0-9A-Fa-f]{2}")


def personal_found(data: bytes, start: int, end: int) -> Found | None:
    """What the match of one of `PATTERNS` really is; None when it only looked like something."""
    text = data[start:end].decode("latin-1")
    if text[0].isalpha():
        labelled = _labelled(text, start)
        if labelled is not None:
            return labelled if not _goes_on(data, labelled.end) else None
    # What is a piece of something longer is not a number of its own.
    before, after = data[max(0, start - 1) : start], data[end : end + 1]
    if before in _JOINTS or after in _JOINTS or _joins(data, start, end):
        return None
    kind = _kind(text, data, start, end)
    return Found(start, end, kind, text) if kind else None


def _joins(data: bytes, start: int, end: int) -> bool:
    """A digit with a point at either side: the number goes on."""
    before, after = data[max(0, start - 2) : start], data[end : end + 2]
    return (before[1:] in (b".", b",") and before[:1].isdigit()) or (
        after[:1] in (b".", b",") and after[1:].isdigit()
    )


def _labelled(text: str, start: int) -> Found | None:
    for label, kind in ((_LABEL, "national-id"), (_CALL, "phone")):
        found = label.match(text)
        if found is None:
            continue
        rest = text[found.end() :]
        for size in range(len(rest), 6, -1):
            number = rest[:size]
            if not _ends(rest, size):
                continue
            if _is_labelled(number, kind):
                at = start + found.end()
                return Found(at, at + size, _name(number, kind), number)
    return None


def _ends(text: str, size: int) -> bool:
    """A number ends where no letter, digit or dash follows."""
    after = text[size : size + 1]
    return text[size - 1].isalnum() and not after.isalnum() and after != "-"


def _goes_on(data: bytes, end: int) -> bool:
    return _IN_NUMBER.match(data[end : end + 1]) is not None


def _is_labelled(number: str, kind: str) -> bool:
    if kind == "phone":
        return is_phone(number)
    return is_national_id(number) or is_ssn(bare(number)) or is_nino(bare(number))


def _name(number: str, kind: str) -> str:
    if kind == "phone" or is_national_id(number):
        return kind
    return "ssn" if bare(number).isdigit() else "nino"


def _kind(text: str, data: bytes, start: int, end: int) -> str:
    if text[0] == "+":
        alone = not _IN_NUMBER.match(data[max(0, start - 1) : start])
        return "phone" if alone and (is_foreign(text) or is_phone_stand_in(text)) else ""
    if ":" in text or (text.count("-") == 5 and len(text) == 17):
        return _of_a_machine(text, data, start, end)
    if text.count(".") == 3 and "/" not in text and "-" not in text:
        return "ipv4" if _is_ipv4(text, data, start, end) else ""
    if text[:2].isalpha():
        if is_iban(text):
            return "iban"
        return "nino" if " " in text and is_nino(bare(text)) else ""
    return _number(text)


def _number(text: str) -> str:
    number = bare(text)
    if text[-1].isalpha() or text[0] in "XYZ":
        return "national-id" if is_spanish(number) else ""
    if is_nir(number) or is_cnpj(number):
        return "national-id" if is_nir(number) or not text.isdigit() else ""
    if number != text and (is_steuer_id(number) or is_aadhaar(number)):
        return "national-id"
    if text.count(".") == 2 and is_cpf(number):
        return "national-id"
    if _AMERICAN.fullmatch(text):
        return "phone"
    if _GROUPED.fullmatch(text) and (is_phone(text) or is_phone_stand_in(text)):
        return "phone"
    return "ssn" if text.count("-") == 2 and is_ssn(number) else ""


def _of_a_machine(text: str, data: bytes, start: int, end: int) -> str:
    """A hardware address, or a version 6 address; not a piece of a fingerprint."""
    if len(text) == 17 and is_mac(text):
        beside = data[max(0, start - 1) : start] in (b":", b"-")
        return "" if beside or _HEX_GROUPS.match(data, end) else "mac"
    if text.count(":") < 2:
        return ""
    return "ipv6" if is_public_ip(text) or is_network_stand_in(text) else ""


def _is_ipv4(text: str, data: bytes, start: int, end: int) -> bool:
    """Four numbers are a version more often than an address."""
    before = data[max(0, start - 24) : start]
    if before[-1:] in (b"v", b"V") or (before[-1:] == b"/" and before[-2:] != b"//"):
        return False
    if b"ersion" in before or before.endswith(b"rv:") or _IN_NUMBER.match(data[end : end + 1]):
        return False
    return is_public_ip(text) or bool(is_network_stand_in(text))
