"""File names for routes and dependencies: lower case, safe on every file system. Pure."""

from __future__ import annotations

import hashlib
import re

_UNSAFE = re.compile(r"[^a-z0-9]+")
_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
_LONGEST = 60


def slug(text: str) -> str:
    """A readable name and six hash digits: "GET /orders/{id}" -> "get-orders-id-5d0c2f"."""
    words = _UNSAFE.sub("-", text.lower()).strip("-")[:_LONGEST].rstrip("-")
    digits = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:6]
    return f"{words}-{digits}" if words else digits


def folder_name(dependency: str) -> str:
    """A dependency's folder: its name when that is safe everywhere, else its slug."""
    if _SAFE_NAME.fullmatch(dependency) and not _RESERVED.fullmatch(dependency):
        return dependency
    return slug(dependency)
