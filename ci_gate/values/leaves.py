"""Leaves: every value inside a part, where it lies in the bytes, and how it is written there.

Each reader below takes the bytes of one medium and yields leaves with byte offsets, so that a
changed value is spliced in and everything else stays as it was on the wire.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from ci_gate.values.jsontext import is_number, json_leaves, step, string_lexeme

Value = str | int | float | bool | None

# Charsets whose text can be decoded and written back; any other label is read as UTF-8.
_CHARSETS = re.compile(
    r"utf-?(?:8|16|16le|16be|32|32le|32be)|(?:us-)?ascii|latin-?1|iso-8859-\d\d?|windows-125\d"
    r"|shift_jis|euc-jp|euc-kr|gbk|gb2312|gb18030|big5|koi8-r"
)
_COOKIE = re.compile(rb"[ \t]*([^=;]*?)[ \t]*(?:=[ \t]*([^;]*?)[ \t]*)?(?:;|\Z)")
_PATH_SAFE = "!$&'()*+,;=:@~"
_QUERY_SAFE = "!$'()*,;:@/?~"
_MOST_PARTS = 1000
_DISPOSITION = re.compile(
    rb"(?i)^content-disposition:[^\r\n]*?;[ \t]*name=(?:\"([^\"\r\n]*)\"|([^;\s]+))", re.M
)
_CONTENT_TYPE = re.compile(rb"(?i)^content-type:[ \t]*([^;\s]*)([^\r\n]*)", re.M)
_CHARSET = re.compile(rb"(?i)charset=\"?([A-Za-z0-9_-]+)")
_BLANK = re.compile(rb"\r?\n\r?\n")


class Leaf(NamedTuple):
    """One value. `start` and `end` are byte offsets in source number `item` (headers have one
    source a field, everything else one); `style` says how it is written: "json", "query",
    "bare" (a query name without "="), "path", or the charset of plain text."""

    place: str
    name: str
    """What the value is called where it stands: the nearest JSON key, the field, the header."""
    value: Value
    start: int
    end: int
    style: str
    item: int = 0


def read_text(data: bytes, charset: str = "") -> tuple[str, str]:
    """The text of `data` and the charset that writes it back byte for byte (Latin-1 at worst)."""
    declared = charset.strip().strip('"').lower()
    for name in (declared if _CHARSETS.fullmatch(declared) else "", "utf-8"):
        if name:
            try:
                text = data.decode(name)
                if name == "utf-8" or text.encode(name) == data:
                    return text, name
            except (UnicodeError, LookupError):
                continue
    return data.decode("latin-1"), "latin-1"


def written(leaf: Leaf, text: str, lexeme: bytes) -> bytes:
    """`text` as it has to stand where `leaf` stood as `lexeme`."""
    if leaf.style == "json":
        if not isinstance(leaf.value, str) and is_number(text):
            return text.encode()
        return string_lexeme(text, lexeme)
    if leaf.style == "path":
        return quote_from_bytes(_encoded(text, "utf-8"), _PATH_SAFE).encode()
    if leaf.style in ("query", "bare"):
        quoted = quote_from_bytes(_encoded(text, "utf-8"), _QUERY_SAFE).encode()
        # A space is "+" in forms (URL Standard, 5.2), unless this sender wrote %20.
        spaced = quoted if b"%20" in lexeme else quoted.replace(b"%20", b"+")
        return b"=" + spaced if leaf.style == "bare" else spaced
    return _encoded(text, leaf.style)


def _encoded(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except UnicodeError:
        return text.encode("utf-8", "surrogatepass")


def _unquoted(raw: bytes, plus: bool) -> str:
    if plus and b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return read_text(unquote_to_bytes(raw) if b"%" in raw else raw)[0]


def _numbered(root: str, names: list[str]) -> Iterator[str]:
    """A place for each name in order; names that repeat get an index."""
    repeated = {name for name, count in Counter(names).items() if count > 1}
    seen: Counter[str] = Counter()
    for name in names:
        place = root + step(name)
        if name in repeated:
            place += f"[{seen[name]}]"
            seen[name] += 1
        yield place


def text_leaf(data: bytes, root: str, charset: str = "") -> list[Leaf]:
    """The whole of `data` as one text; nothing when it is empty."""
    if not data:
        return []
    text, codec = read_text(data, charset)
    return [Leaf(root, "", text, 0, len(data), codec)]


def json_or_text(
    data: bytes,
    root: str,
    charset: str = "",
    spans: Sequence[tuple[int, int]] | None = None,
) -> list[Leaf]:
    """The scalars of a JSON text (`spans`: those touched), or the text when it is not JSON."""
    found = json_leaves(data, root + ".$", spans)
    if found is None:
        return text_leaf(data, root, charset)
    return [Leaf(place, key, value, start, end, "json") for place, key, value, start, end in found]


def query_leaves(data: bytes, root: str) -> list[Leaf]:
    """The fields of a query or of a form (`application/x-www-form-urlencoded`)."""
    spans: list[tuple[int, int, str]] = []
    names: list[str] = []
    position = 0
    for pair in data.split(b"&"):
        if pair:
            name, equals, _ = pair.partition(b"=")
            start = position + len(name) + len(equals)
            spans.append((start, position + len(pair), "query" if equals else "bare"))
            names.append(_unquoted(name, True))
        position += len(pair) + 1
    return [
        Leaf(place, name, _unquoted(data[start:end], True), start, end, style)
        for place, name, (start, end, style) in zip(
            _numbered(root, names), names, spans, strict=True
        )
    ]


def path_leaves(data: bytes, root: str) -> list[Leaf]:
    """The segments of a path, the first one after the leading slash being `[0]`."""
    leaves: list[Leaf] = []
    position = 1 if data.startswith(b"/") else 0
    for index, segment in enumerate(data[position:].split(b"/")):
        end = position + len(segment)
        if segment:
            value = _unquoted(segment, False)
            leaves.append(Leaf(f"{root}[{index}]", "", value, position, end, "path"))
        position = end + 1
    return leaves


def header_leaves(fields: Iterable[tuple[bytes, bytes]], root: str) -> list[Leaf]:
    """The values of header fields; of Cookie and Set-Cookie each cookie, and its attributes as
    `headers.set-cookie.session.path`. Whatever repeats has an index."""
    plain: list[tuple[str, Leaf]] = []
    attributes: list[tuple[int, str, Leaf]] = []
    for item, (raw_name, value) in enumerate(fields):
        name = raw_name.decode("latin-1").lower()
        if name in ("cookie", "set-cookie"):
            _read_cookies(name, value, item, plain, attributes)
            continue
        text, codec = read_text(value)
        plain.append((step(name), Leaf("", name, text, 0, len(value), codec, item)))
    counts = Counter(place for place, _ in plain)
    seen: Counter[str] = Counter()
    leaves: list[Leaf] = []
    owners: dict[int, str] = {}
    for inner, leaf in plain:
        place = root + inner
        if counts[inner] > 1:
            place += f"[{seen[inner]}]"
            seen[inner] += 1
        owners[leaf.item] = place
        leaves.append(leaf._replace(place=place))
    leaves += [leaf._replace(place=owners[item] + inner) for item, inner, leaf in attributes]
    leaves.sort(key=lambda leaf: (leaf.item, leaf.start))
    return leaves


def _read_cookies(
    header: str,
    value: bytes,
    item: int,
    plain: list[tuple[str, Leaf]],
    attributes: list[tuple[int, str, Leaf]],
) -> None:
    """Add the cookies of one field; in Set-Cookie what follows the first is its attributes."""
    first = True
    for found in _COOKIE.finditer(value):
        name, text = found[1], found[2]
        if not name and not text:
            continue
        # A pair without "=" is a cookie's value without a name (RFC 6265bis section 5.6).
        group = 2 if text is not None else 1
        label = "" if text is None and (first or header == "cookie") else _unescaped(name)
        decoded, codec = read_text(found[group])
        leaf = Leaf("", header, decoded, *found.span(group), codec, item)
        if first or header == "cookie":
            plain.append((f".{header}{step(label)}", leaf))
        elif text is not None:
            attributes.append((item, step(label.lower()), leaf._replace(name="")))
        else:
            flag = leaf._replace(name="", value="", start=leaf.end)
            attributes.append((item, step(label.lower()), flag))
        first = False


def _unescaped(name: bytes) -> str:
    return read_text(name)[0]


def multipart_leaves(data: bytes, root: str, boundary: str) -> list[Leaf]:
    """The fields of a multipart body by name, each read by its own content type; parts without
    a name are `[n]`. Not a multipart body, or too many parts: one text."""
    parts = _parts(data, boundary)
    if parts is None:
        return text_leaf(data, root)
    names = [_part_name(data[start:middle]) for start, middle, _ in parts]
    named = _numbered(root, [name for name in names if name])
    leaves: list[Leaf] = []
    for index, (name, (start, middle, end)) in enumerate(zip(names, parts, strict=True)):
        place = next(named) if name else f"{root}[{index}]"
        leaves += [
            leaf._replace(start=leaf.start + middle, end=leaf.end + middle, name=leaf.name or name)
            for leaf in _part_leaves(data[start:middle], data[middle:end], place)
        ]
    return leaves


def _parts(data: bytes, boundary: str) -> list[tuple[int, int, int]] | None:
    """(start of the headers, start of the content, end of the content) of each part."""
    if not 0 < len(boundary) <= 200:
        return None
    mark = re.escape(boundary.encode("latin-1", "replace"))
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + mark + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    found = list(delimiter.finditer(data))
    if not 2 <= len(found) <= _MOST_PARTS:
        return None
    parts: list[tuple[int, int, int]] = []
    for opening, closing in itertools.pairwise(found):
        if opening[1]:
            break
        # The blank line may follow the delimiter at once: a part without headers.
        blank = _BLANK.search(data, opening.end(), closing.start() + 2)
        if blank is None or blank.end() > closing.start():
            parts.append((opening.end(), closing.start(), closing.start()))
        else:
            parts.append((opening.end(), blank.end(), closing.start()))
    return parts


def _part_name(headers: bytes) -> str:
    found = _DISPOSITION.search(headers)
    return read_text(found[1] if found[1] is not None else found[2])[0] if found else ""


def _part_leaves(headers: bytes, content: bytes, place: str) -> list[Leaf]:
    declared = _CONTENT_TYPE.search(headers)
    media = declared[1].lower() if declared else b"text/plain"
    charset = _CHARSET.search(declared[2]) if declared else None
    label = charset[1].decode() if charset else ""
    if media.endswith((b"/json", b"+json")):
        return json_or_text(content, place, label)
    if media == b"application/x-www-form-urlencoded":
        return query_leaves(content, place)
    if media.startswith(b"text/") or media.endswith((b"/xml", b"+xml")):
        return text_leaf(content, place, label)
    return []
