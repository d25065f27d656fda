"""How much of what is secret or a person's the redactor finds, how much else it replaces, how fast.

    python -m bench.redaction           measure, and print the table
    python -m bench.redaction --write   and put it into docs/redaction.md

The corpus is made with Faker under a fixed seed: documents of ordinary fields with one labelled
value each, alone under a name, within a sentence, or under a name that tells nothing.
"""

from __future__ import annotations

import base64
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ci_gate.model.message import Part
from ci_gate.values.redaction.detectors import find
from ci_gate.values.redaction.iban import is_iban
from ci_gate.values.redaction.names import telling_name
from ci_gate.values.redaction.nationalids import is_aadhaar, is_steuer_id
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns

LOCALES = (
    "de_DE fr_FR es_ES it_IT nl_NL pl_PL pt_BR en_US en_GB en_IN ja_JP sv_SE tr_TR cs_CZ da_DK"
).split()
VALUES = 10_000
SEED = 20_260_831
DOCS = Path(__file__).resolve().parent.parent / "docs" / "redaction.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"


class Labelled(NamedTuple):
    """One value: what it is, where it stands, and whether finding it is promised."""

    kind: str
    field: str
    text: str
    """What the field holds."""
    secret: str
    """The value itself, "" for an ordinary one."""
    promised: bool


class Row(NamedTuple):
    """One line of the table."""

    kind: str
    promised: bool
    values: int
    found: int


def corpus(size: int = VALUES, seed: int = SEED) -> list[Labelled]:
    """`size` labelled values, half of them ordinary ones; the same for the same seed."""
    from faker import Faker

    fakes = []
    for locale in LOCALES:
        fake = Faker(locale)
        fake.seed_instance(seed)
        fakes.append(fake)
    chance = random.Random(seed)
    makers = (*_promised(chance), *_others(chance))
    ordinary = _ordinary(chance)
    found = []
    for number in range(size // 2):
        # Each kind sees every locale in turn, however many kinds there are.
        fake = fakes[number // len(makers) % len(fakes)]
        found.append(makers[number % len(makers)](fake, fakes))
        field, make = ordinary[number % len(ordinary)]
        found.append(Labelled("ordinary", field, str(make(fake)), "", True))
    return found


def measure(values: list[Labelled]) -> list[Row]:
    """Recall by kind; of ordinary values how many were replaced."""
    redactor = Redactor(StandIns(b"k" * 32))
    seen: Counter[tuple[str, bool]] = Counter()
    hit: Counter[tuple[str, bool]] = Counter()
    for one in values:
        document = json.dumps({"id": 7, one.field: one.text, "status": "open"}).encode()
        new = redactor.part(Part("body", document, "json"))[0].value
        assert isinstance(new, bytes)
        text = json.loads(new)[one.field]
        seen[one.kind, one.promised] += 1
        gone = text != one.text if not one.secret else one.secret not in text
        hit[one.kind, one.promised] += gone
    return [
        Row(kind, promised, count, hit[kind, promised]) for (kind, promised), count in seen.items()
    ]


def speed(values: list[Labelled]) -> dict[str, float]:
    """Megabytes a second on one core, the best of three passes."""
    # A name that tells costs a check, as a value does: it is no ordinary one.
    ordinary = [one for one in values if not one.secret and not telling_name(one.field)]
    documents = [
        json.dumps([{one.field: one.text} for one in ordinary[at : at + 200]]).encode()
        for at in range(0, len(ordinary), 200)
    ] * 4
    everything = [
        json.dumps([{one.field: one.text} for one in values[at : at + 200]]).encode()
        for at in range(0, len(values), 200)
    ]
    redactor = Redactor(StandIns(b"k" * 32))
    return {
        "searching the corpus, every other value one to replace": _rate(
            lambda data: sum(1 for _ in find(data)), everything
        ),
        "searching ordinary JSON": _rate(lambda data: sum(1 for _ in find(data)), documents),
        "redacting ordinary JSON": _rate(
            lambda data: redactor.part(Part("body", data, "json")), documents
        ),
    }


def table(rows: list[Row], rates: dict[str, float]) -> str:
    """The table of docs/redaction.md."""
    lines = ["| kind | values | found |", "|---|---|---|"]
    promised = sorted(row for row in rows if row.promised and row.kind != "ordinary")
    lines += [_line(row) for row in promised]
    total = Row(
        "**with a check digit or a fixed form**", True, _sum(promised, 2), _sum(promised, 3)
    )
    lines += [_line(total), "| **told by a name or by separators, no promise** | | |"]
    lines += [_line(row) for row in sorted(row for row in rows if not row.promised)]
    lines += ["", "| ordinary values | replaced | share |", "|---|---|---|"]
    for row in rows:
        if row.kind == "ordinary":
            lines.append(f"| {row.values} | {row.found} | {100 * row.found / row.values:.2f}% |")
    lines += ["", "| on one core | MB/s |", "|---|---|"]
    lines += [f"| {name} | {rate:.0f} |" for name, rate in rates.items()]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    return f"| {row.kind} | {row.values} | {100 * row.found / row.values:.1f}% |"


def _sum(rows: list[Row], at: int) -> int:
    return sum(int(row[at]) for row in rows)


def _rate(work: Callable[[bytes], object], documents: list[bytes]) -> float:
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        for data in documents:
            work(data)
        best = min(best, time.process_time() - began)
    return sum(map(len, documents)) / best / 1e6


_Maker = Callable[[Any, Any], Labelled]


def _promised(chance: random.Random) -> Iterator[_Maker]:
    """Kinds with a check digit or a fixed form: in a sentence, under a name, under none."""

    def placed(kind: str, names: str, text: str, *, bare: bool = True) -> Labelled:
        where = chance.randrange(3 if bare else 2)
        if where == 0:
            return Labelled(kind, chance.choice(names.split()), text, text, True)
        if where == 1:
            label = names.split()[0].replace("_", " ").upper()
            return Labelled(kind, "note", f"please see {label}: {text}, thanks", text, True)
        return Labelled(kind, "value", text, text, True)

    # Of Faker's JCB numbers many are outside of the issuer's range, its British IBANs are a digit
    # short, its Aadhaar numbers have another check digit, and its NINOs a prefix never issued.
    cards = "visa16 mastercard amex discover diners".split()
    yield lambda fake, _: placed(
        "card", "card pan", fake.credit_card_number(card_type=chance.choice(cards))
    )
    yield lambda fake, fakes: placed(
        "iban", "iban account", text if is_iban(text := fake.iban()) else fakes[0].iban()
    )
    yield lambda fake, _: placed("e-mail", "email contact", fake.email())
    yield lambda fake, _: placed("JWT", "token jwt", _jwt(fake))
    yield lambda _, __: placed("private key", "pem key", _pem(chance))
    yield lambda fake, _: _credentials(fake)
    yield lambda fake, _: _connection(fake, chance)
    yield lambda _, __: placed("cloud and SaaS keys", "credential key", _key(chance))
    yield lambda fake, _: placed("IPv4", "ip client", fake.ipv4_public())
    yield lambda _, __: placed("IPv6", "ip client", _ipv6(chance))
    yield lambda _, __: placed("MAC", "mac device", _mac(chance))
    yield lambda _, __: placed("national id, DE", "idnr tax_id", _steuer_id(chance), bare=False)
    yield lambda _, fakes: placed("national id, FR", "nir insee", fakes[1].ssn().replace(" ", ""))
    yield lambda _, fakes: placed("national id, ES", "dni nif", fakes[2].nif())
    yield lambda _, __: placed("national id, IN", "aadhaar", _aadhaar(chance), bare=False)
    yield lambda _, fakes: placed("national id, BR (CPF)", "cpf document", fakes[6].cpf())
    yield lambda _, fakes: placed("national id, BR (CNPJ)", "cnpj document", fakes[6].cnpj())
    yield lambda _, fakes: placed("national id, NL", "bsn", fakes[4].ssn(), bare=False)
    yield lambda _, fakes: placed("national id, PL", "pesel", fakes[5].pesel(), bare=False)


def _others(chance: random.Random) -> Iterator[_Maker]:
    """Kinds without: only a name or separators tell."""

    def named(kind: str, names: str, text: str) -> Labelled:
        return Labelled(kind, chance.choice(names.split()), text, text, False)

    def noted(kind: str, text: str) -> Labelled:
        return Labelled(kind, "note", f"please call {text} today", text, False)

    yield lambda _, fakes: named("SSN", "ssn", fakes[7].ssn())
    yield lambda _, fakes: noted("SSN in a text", fakes[7].ssn())
    yield lambda _, __: named("NINO", "nino", _nino(chance))
    yield lambda fake, _: named("phone under a name", "phone mobileNumber", fake.phone_number())
    yield lambda fake, _: noted("phone in a text", fake.phone_number())
    yield lambda fake, _: named("first or last name", "first_name firstName", fake.first_name())
    yield lambda fake, _: named("street", "street address_line1", fake.street_address())
    yield lambda fake, _: named("day of birth", "dob birthDate", str(fake.date_of_birth()))
    yield lambda fake, _: named("coordinate", "lat latitude", str(fake.latitude()))
    yield lambda _, __: named(
        "high entropy", "stripe_token mailerSecret", _letters(chance, _ALNUM, 32)
    )
    yield lambda _, __: named("PIN", "pin newPin card_pin", f"{chance.randrange(10**6):06d}")


def _ordinary(chance: random.Random) -> list[tuple[str, Callable[[Any], object]]]:
    """Fields that hold nobody's anything."""
    return [
        ("title", lambda fake: fake.sentence()),
        ("word", lambda fake: fake.word()),
        ("id", lambda fake: fake.uuid4()),
        ("number", lambda _: chance.randrange(10**8, 10**9)),
        ("order_no", lambda _: chance.randrange(10**10, 10**12)),
        ("price", lambda _: f"{chance.uniform(1, 5000):.2f}"),
        ("ratio", lambda _: repr(chance.random())),
        ("created_at", lambda fake: fake.iso8601() + "Z"),
        ("day", lambda fake: fake.date()),
        ("epoch_ms", lambda _: chance.randrange(1_600_000_000_000, 1_800_000_000_000)),
        ("url", lambda fake: fake.uri()),
        ("agent", lambda fake: fake.user_agent()),
        ("company", lambda fake: fake.company()),
        ("city", lambda fake: fake.city()),
        ("country", lambda fake: fake.country_code()),
        ("color", lambda fake: fake.hex_color()),
        ("ean", lambda fake: fake.ean13()),
        ("isbn", lambda fake: fake.isbn13()),
        ("digest", lambda fake: fake.sha256()),
        ("etag", lambda fake: fake.md5()),
        (
            "version",
            lambda _: f"{chance.randrange(20)}.{chance.randrange(99)}.{chance.randrange(9)}",
        ),
        ("sku", lambda _: f"AB-{chance.randrange(10**6):06d}"),
        ("file", lambda fake: fake.file_name()),
        ("mime", lambda fake: fake.mime_type()),
        ("time", lambda fake: fake.time()),
        ("currency", lambda fake: fake.currency_code()),
        ("domain", lambda fake: fake.domain_name()),
        ("text", lambda fake: fake.text()),
        ("peer", lambda fake: fake.ipv4_private()),
        ("pin", lambda _: chance.choice((chance.randrange(64), f"A{chance.randrange(16)}"))),
        ("pincode", lambda fake: fake.postcode()),
        ("blob", lambda _: base64.b64encode(chance.randbytes(24)).decode()),
    ]


_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _letters(chance: random.Random, alphabet: str, size: int) -> str:
    return "".join(chance.choice(alphabet) for _ in range(size))


def _jwt(fake: Any) -> str:
    def part(document: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    claims = {"sub": fake.uuid4(), "email": fake.email(), "iat": 1_700_000_000}
    return f"{part({'alg': 'HS256'})}.{part(claims)}.{_letters(random.Random(1), _ALNUM, 43)}"


def _pem(chance: random.Random) -> str:
    body = base64.b64encode(chance.randbytes(120)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----"


def _credentials(fake: Any) -> Labelled:
    pair = base64.b64encode(f"{fake.user_name()}:{fake.password()}".encode()).decode()
    return Labelled("basic auth", "header", f"Basic {pair}", pair, True)


def _connection(fake: Any, chance: random.Random) -> Labelled:
    secret = _letters(chance, _ALNUM, 14)
    forms = (
        f"postgresql://app:{secret}@db.internal:5432/app",
        f"Server=db;User Id=app;Password={secret};Encrypt=true",
        f"host=db port=5432 user=app password={secret} dbname=app",
        f"amqps://{fake.user_name()}:{secret}@mq.internal/vhost",
        f"redis://:{secret}@cache.internal:6379/0",
    )
    return Labelled("connection string", "dsn", chance.choice(forms), secret, True)


def _key(chance: random.Random) -> str:
    def some(size: int, alphabet: str = _ALNUM) -> str:
        # A digit in every one: keys of that length have some.
        return _letters(chance, alphabet, size - 1) + "7"

    upper, hexadecimal = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdef"
    return chance.choice(
        (
            "AKIA" + some(16, upper),
            "ghp_" + some(36),
            "github_pat_" + some(40),
            "glpat-" + some(20),
            "xoxb-" + some(24),
            "sk_live_" + some(24),
            "whsec_" + some(32),
            "AIza" + some(35),
            "GOCSPX-" + some(28),
            "SG." + some(22) + "." + some(43),
            "npm_" + some(36),
            "sk-proj-" + some(40),
            "dop_v1_" + some(64, hexadecimal),
            "shpat_" + some(32, hexadecimal),
            "hf_" + some(34),
            "dapi" + some(32, hexadecimal),
            "sbp_" + some(40, hexadecimal),
            "dckr_pat_" + some(27),
            "pul-" + some(40, hexadecimal),
            "NRAK-" + some(27, upper),
        )
    )


def _ipv6(chance: random.Random) -> str:
    return "2a02:" + ":".join(f"{chance.randrange(1, 1 << 16):x}" for _ in range(7))


def _mac(chance: random.Random) -> str:
    return ":".join(f"{one:02x}" for one in (chance.randrange(64) * 4, *chance.randbytes(5)))


def _aadhaar(chance: random.Random) -> str:
    while True:
        text = str(chance.randrange(2, 10)) + _letters(chance, "0123456789", 11)
        if is_aadhaar(text):
            return text


def _nino(chance: random.Random) -> str:
    prefix = _letters(chance, "ABCEGHJLMPRSW", 1) + _letters(chance, "ABCEGHJLMPRSW", 1)
    prefix = "AB" if prefix == "BG" or prefix == "GB" else prefix
    digits = _letters(chance, "0123456789", 6)
    return f"{prefix} {digits[:2]} {digits[2:4]} {digits[4:]} {_letters(chance, 'ABCD', 1)}"


def _steuer_id(chance: random.Random) -> str:
    while True:
        text = str(chance.randrange(1, 10)) + _letters(chance, "0123456789", 10)
        if is_steuer_id(text):
            return text


def main() -> None:
    """Measure, print, and with --write keep the table in the documentation."""
    values = corpus()
    text = table(measure(values), speed(values))
    print(text)
    if "--write" in sys.argv[1:]:
        page = DOCS.read_text(encoding="utf-8")
        head, rest = page.split(BEGIN, 1)
        DOCS.write_text(head + BEGIN + text + END + rest.split(END, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
