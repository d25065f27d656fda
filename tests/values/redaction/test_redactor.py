"""Redaction of parts: by name, by look, by memory; atomic, idempotent, byte-preserving."""

from __future__ import annotations

import base64
import json

import pytest

from ci_gate.model.message import Headers, Opaque, Part, Piece, Pieces, Stored
from ci_gate.values.places import walk
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns, basic_pair, is_stand_in

STAND_INS = StandIns(b"k" * 32)
SECRET = "a1B2c3D4e5F6"
EMAIL = "jane@mail.example"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def new(kind: str, text: str) -> str:
    """The stand-in of a value."""
    return STAND_INS.stand_in(kind, text)


def redact(part: Part) -> tuple[dict[str, object], tuple[str, ...]]:
    """Values by place after redaction, and the places changed."""
    clean, places = Redactor(STAND_INS).part(part)
    return dict(walk(clean)), places


def headers(*fields: tuple[str, str]) -> Part:
    """A part of headers."""
    encoded: Headers = tuple((name.encode(), value.encode()) for name, value in fields)
    return Part("headers", encoded, "headers")


def test_authorization_keeps_its_scheme() -> None:
    """Bearer and Basic stay readable, what follows is a stand-in."""
    values, places = redact(headers(("Authorization", "Bearer " + SECRET)))
    assert values == {"headers.authorization": "Bearer " + new("secret", SECRET)}
    assert places == ("headers.authorization",)
    basic = base64.b64encode(b"admin:hunter2").decode()
    values, _ = redact(headers(("Proxy-Authorization", "Basic " + basic)))
    scheme, _, rest = str(values["headers.proxy-authorization"]).partition(" ")
    assert scheme == "Basic"
    assert basic_pair(rest) == (new("secret", "admin"), new("secret", "hunter2"))


def test_authorization_with_parameters() -> None:
    """Of a signature's parameters those that identify nobody stay."""
    value = (
        "AWS4-HMAC-SHA256 Credential="
        + "AKIA"
        + "IOSFODNN7EXAMPL2/20260831/eu-central-1/s3/aws4_request, "
        "SignedHeaders=host;range, Signature=fe5f80f77d5fa3beca038a248ff027d0"
    )
    values, _ = redact(headers(("Authorization", value)))
    text = str(values["headers.authorization"])
    assert "/20260831/eu-central-1/s3/aws4_request, SignedHeaders=host;range, Signature=" in text
    assert "AKIA" + "IOSFODNN7EXAMPL2" not in text
    assert "fe5f80f77d5fa3beca038a248ff027d0" not in text


def test_digest_and_schemeless_authorization() -> None:
    """Digest keeps realm and algorithm; a bare token is replaced whole."""
    values, _ = redact(
        headers(("Authorization", 'Digest username="jane", realm="r1", nc=01, response="9f8e7d6c"'))
    )
    text = str(values["headers.authorization"])
    assert 'realm="r1", nc=01' in text
    assert "jane" not in text
    assert "9f8e7d6c" not in text
    values, _ = redact(headers(("Authorization", SECRET)))
    assert values == {"headers.authorization": new("secret", SECRET)}


def test_cookies() -> None:
    """Every cookie's value goes; names, attributes and spacing stay byte for byte."""
    part = headers(
        ("Cookie", "a=xyz1;  session=" + SECRET),
        ("Set-Cookie", "sid=" + SECRET + "; Path=/; HttpOnly"),
    )
    clean, places = Redactor(STAND_INS).part(part)
    assert clean.value == (
        (b"Cookie", f"a={new('s', 'xyz1')};  session={new('s', SECRET)}".encode()),
        (b"Set-Cookie", f"sid={new('s', SECRET)}; Path=/; HttpOnly".encode()),
    )
    assert places == ("headers.cookie.a", "headers.cookie.session", "headers.set-cookie.sid")


def test_deleted_cookies_stay() -> None:
    """A cookie that is taken away holds nothing."""
    part = headers(("Set-Cookie", "sid=; Max-Age=0"), ("Set-Cookie", "x=deleted; Max-Age=0"))
    assert Redactor(STAND_INS).part(part) == (part, ())


@pytest.mark.parametrize(
    "name",
    [
        "X-Api-Key",
        "x-auth-token",
        "API-KEY",
        "X-Amz-Security-Token",
        "Private-Token",
        "Client-Secret",
    ],
)
def test_secret_headers(name: str) -> None:
    """Headers that are secret by name are, in any case."""
    values, places = redact(headers((name, "k-12ab"), ("Accept", "*/*")))
    assert values == {f"headers.{name.lower()}": new("secret", "k-12ab"), "headers.accept": "*/*"}
    assert places == (f"headers.{name.lower()}",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "api.example"),
        ("User-Agent", "curl/8.1"),
        ("ETag", '"a1B2c3D4"'),
        ("X-Request-Id", "0b9a5f3e-7b1c-4c1e-9c9a-3a1f5b6d7e8f"),
        ("WWW-Authenticate", 'Bearer realm="api"'),
        ("Content-Length", "4012888888881882"),
    ],
)
def test_ordinary_headers_are_returned_as_they_are(name: str, value: str) -> None:
    """A part without secrets is the very part that came in."""
    part = headers((name, value))
    clean, places = Redactor(STAND_INS).part(part)
    assert clean is part
    assert places == ()


def test_content_of_other_headers() -> None:
    """What looks secret is found in any header, the rest of the value staying."""
    values, _ = redact(
        headers(("Referer", "https://x.example/?u=1&access_token=" + SECRET), ("From", EMAIL))
    )
    assert values["headers.referer"] == "https://x.example/?u=1&access_token=" + new("s", SECRET)
    assert values["headers.from"] == new("email", EMAIL)


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "Password",
        "PASSWD",
        "client_secret",
        "clientSecret",
        "Client-Secret",
        "token",
        "access_token",
        "refreshToken",
        "id_token",
        "api_key",
        "apikey",
        "private_key",
        "newPassword",
        "aws_secret_access_key",
    ],
)
def test_telling_names_in_json(key: str) -> None:
    """A telling name makes its text secret in any spelling, at any depth."""
    data = json.dumps({"a": [{key: "s3cret pass"}], "b": "s3"}).encode()
    values, places = redact(Part("body", data, "json"))
    assert list(values.values()) == [new("secret", "s3cret pass"), "s3"]
    assert len(places) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"password": 12},
        {"token": True},
        {"secret": None},
        {"password": ""},
        {"password": "****"},
        {"passwordless": "yes1"},
        {"tokenType": "bearer9"},
        {"token": {"kind": "x1"}},
    ],
)
def test_telling_names_that_hold_nothing(document: object) -> None:
    """Numbers, flags, nothing, masks and longer names are not secret."""
    part = Part("body", json.dumps(document).encode(), "json")
    assert Redactor(STAND_INS).part(part) == (part, ())


def test_authorization_in_json() -> None:
    """A copied header keeps its scheme in JSON too."""
    values, _ = redact(Part("body", b'{"authorization": "Bearer a1B2c3D4e5F6"}', "json"))
    assert values == {"body.$.authorization": "Bearer " + new("secret", SECRET)}


def test_lists_under_telling_names() -> None:
    """Every text of a list under a telling name is secret."""
    values, _ = redact(Part("body", b'{"recovery_codes": ["ab12", "cd34"], "n": ["ef56"]}', "json"))
    assert list(values.values()) == [new("s", "ab12"), new("s", "cd34"), "ef56"]


def test_card_codes_and_numbers() -> None:
    """Card numbers are replaced as numbers too, and card codes become ones of the same length."""
    data = b'{"card": 4012888888881881, "cvv": "123", "cvc": 1234, "pan": "401288888888", "amount": 1200}'
    values, _ = redact(Part("body", data, "json"))
    assert is_stand_in(str(values["body.$.card"])) == "card"
    assert isinstance(values["body.$.card"], int)
    assert values["body.$.cvv"] == "111"
    assert values["body.$.cvc"] == 1111
    assert is_stand_in(str(values["body.$.pan"]))
    assert values["body.$.amount"] == 1200


def test_content_in_json_texts() -> None:
    """Secrets inside longer texts are replaced and the text around them is kept."""
    document = {
        "note": f'ask {EMAIL} or "Ü" 4012 8888 8888 1881',
        "url": f"https://u:{SECRET}@h.example/",
    }
    values, places = redact(Part("body", json.dumps(document, ensure_ascii=False).encode(), "json"))
    card = new("card", "4012 8888 8888 1881")
    assert values["body.$.note"] == f'ask {new("email", EMAIL)} or "Ü" {card}'
    assert f":{new('s', SECRET)}@h.example/" in str(values["body.$.url"])
    assert places == ("body.$.note", "body.$.url")


def test_json_keeps_every_other_byte() -> None:
    """Only the value changes: whitespace, escapes, numbers and duplicates stay."""
    data = b'{ "a" : 1.500 ,\n "x":"\\u00e9", "email":"jane@mail.example","email" : 2e0 }\r\n'
    clean, _ = Redactor(STAND_INS).part(Part("body", data, "json"))
    assert clean.value == data.replace(EMAIL.encode(), new("email", EMAIL).encode())


def test_escaped_secrets() -> None:
    """Needless JSON escapes hide nothing."""
    values, _ = redact(
        Part("body", b'{"a":"jane\\u0040mail.example","pass\\u0077ord":"x9y8"}', "json")
    )
    assert list(values.values()) == [new("email", EMAIL), new("s", "x9y8")]


def test_json_inside_text_and_base64() -> None:
    """JSON as a text, and JSON in base64, are read inside and stay what they are."""
    inner = json.dumps({"email": EMAIL, "n": 1})
    document = {
        "text": json.dumps({"password": SECRET}),
        "b64": base64.b64encode(inner.encode()).decode(),
        "url": base64.urlsafe_b64encode(inner.encode()).decode().rstrip("="),
    }
    values, _ = redact(Part("body", json.dumps(document).encode(), "json"))
    assert json.loads(str(values["body.$.text"])) == {"password": new("s", SECRET)}
    expected = {"email": new("email", EMAIL), "n": 1}
    assert json.loads(base64.b64decode(str(values["body.$.b64"]))) == expected
    url = str(values["body.$.url"])
    assert json.loads(base64.urlsafe_b64decode(url + "=" * (-len(url) % 4))) == expected


def test_base64_inside_base64_is_limited() -> None:
    """Nested base64 is opened a few times and then left, without a recursion error."""
    text = json.dumps({"email": EMAIL})
    for _ in range(30):
        text = json.dumps({"a": base64.b64encode(text.encode()).decode()})
        if len(text) > 50_000:
            break
    assert Redactor(STAND_INS).part(Part("body", text.encode(), "json"))


def test_query_and_form() -> None:
    """Names, content and encodings work in queries and forms; equal values stay equal."""
    data = (
        b"email=jane%40mail.example&api_key=a1B2c3D4e5F6&q=4012+8888+8888+1881"
        b"&user[password]=x9y8&sig=ab%2Fcd9&page=2"
    )
    for media, place in (("query", "query"), ("form", "body")):
        values, places = redact(Part(place, data, media))
        assert list(values.values()) == [
            new("email", EMAIL),
            new("s", SECRET),
            new("card", "4012 8888 8888 1881"),
            new("s", "x9y8"),
            new("s", "ab/cd9"),
            "2",
        ]
        assert len(places) == 5


def test_path_segments() -> None:
    """Secrets in path segments go, the other segments stay."""
    clean, places = Redactor(STAND_INS).part(
        Part("path", b"/users/jane@mail.example/orders", "path")
    )
    assert clean.value == f"/users/{new('email', EMAIL)}/orders".encode()
    assert places == ("path[1]",)


def test_multipart() -> None:
    """Fields of a multipart body are redacted by name and inside by their own type."""
    body = (
        b'--B\r\nContent-Disposition: form-data; name="password"\r\n\r\nx9y8\r\n'
        b'--B\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json'
        b'\r\n\r\n{"email":"jane@mail.example"}\r\n--B--\r\n'
    )
    values, places = redact(Part("body", body, "multipart", "B"))
    assert values == {"body.password": new("s", "x9y8"), "body.meta.$.email": new("email", EMAIL)}
    assert places == ("body.password", "body.meta.$.email")


def test_xml_and_text() -> None:
    """XML elements and attributes by name, and any content, are redacted in place."""
    body = '<a k="ü"><Password>x9 &amp; y</Password><b token="a1B2"/><c>jane@mail.example</c></a>'
    clean, places = Redactor(STAND_INS).part(Part("body", body.encode(), "xml"))
    expected = body.replace("x9 &amp; y", new("s", "x9 & y")).replace("a1B2", new("s", "a1B2"))
    assert clean.value == expected.replace(EMAIL, new("email", EMAIL)).encode()
    assert places == ("body",)


def test_pieces() -> None:
    """A secret across two parts of a stream is replaced, and each part keeps its own share."""
    stream = Pieces(
        (
            Piece(0.0, b'data: {"email":"jane@'),
            Piece(1.0, b'mail.example"}\n\nda'),
            Piece(2.0, b"ta: x\n\n"),
        )
    )
    clean, places = Redactor(STAND_INS).part(Part("body", stream, "text"))
    assert isinstance(clean.value, Pieces)
    assert [piece.data for piece in clean.value.items] == [
        f'data: {{"email":"{new("email", EMAIL)}'.encode(),
        b'"}\n\nda',
        b"ta: x\n\n",
    ]
    assert places == ("body",)


def test_untyped_bodies() -> None:
    """Text that nobody called text is redacted; bytes that are no text stay."""
    clean, places = Redactor(STAND_INS).part(Part("body", b"from jane@mail.example", "binary"))
    assert clean == Part("body", f"from {new('email', EMAIL)}".encode(), "binary")
    assert places == ("body",)
    binary = Part("body", b"\x00jane@mail.example", "binary")
    assert Redactor(STAND_INS).part(binary) == (binary, ())


@pytest.mark.parametrize(
    "part",
    [
        Part("status", 200),
        Part("method", "GET"),
        Part("body", Stored("0" * 64, 3), "json"),
        Part("body", Opaque(3, "x"), "json"),
        Part("body", b"", "json"),
    ],
)
def test_nothing_to_redact(part: Part) -> None:
    """Parts without text of their own are returned as they are."""
    assert Redactor(STAND_INS).part(part) == (part, ())


def test_log_lines_are_masked() -> None:
    """The service's log shows kinds instead of values, and masking twice changes nothing."""
    redactor = Redactor(STAND_INS)
    line = f"login {EMAIL} password={SECRET} jwt {JWT}"
    assert redactor.text(line) == "login ‹email› password=‹secret› jwt ‹jwt›"
    assert redactor.text(redactor.text(line)) == redactor.text(line)


def test_stand_ins_of_tokens_that_carry_the_time_are_known() -> None:
    """Two of them may be one or not, as the second in which they were made decides."""
    redactor = Redactor(StandIns(b"key"))
    token = "ImY2YThlODcwNTNiOWIx.awEqUw.Hk0wYvDrpYZM6ppmzoscpWrJ7IE"
    headers = ((b"X-CSRF-Token", token.encode()), (b"X-Api-Key", b"b7e1512f0a2c4d9e"))
    fields = redactor.part(Part("headers", headers, "headers"))[0].value
    assert isinstance(fields, tuple)
    assert redactor.timed == {fields[0][1].decode()}
