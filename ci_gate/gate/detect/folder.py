"""The texts of a project's folder that detection reads: bounded in number, size and depth."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

Texts = Mapping[str, str]
"""Path relative to the folder, with /, -> text."""

MAX_FILES = 3000
MAX_BYTES = 300_000
MAX_DEPTH = 6

NAMED = frozenset(
    {
        "package.json", "Procfile", "manage.py", "pyproject.toml", "go.mod", "pom.xml",
        "build.gradle", "build.gradle.kts", "Cargo.toml", "Dockerfile", "mvnw", "gradlew",
        "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml",
        ".env", ".env.example", ".env.sample", ".gitattributes",
        "application.properties", "application.yml", "application.yaml",
    }
)  # fmt: skip
SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".go", ".java", ".kt", ".rb", ".rs", ".php", ".cs")
SKIPPED = frozenset(
    {"node_modules", "vendor", "target", "build", "dist", "venv", "env", "__pycache__", "snapshots",
     "test", "tests", "docs"}
)  # fmt: skip


def read_folder(folder: str, also: str = "") -> dict[str, str]:
    """The texts of `folder`, and of the file `also` (relative to it); what cannot be read is left
    out. Links are not followed."""
    texts: dict[str, str] = {}
    named = _read(os.path.join(folder, also)) if also else None
    if named is not None:
        texts[also] = named
    for path in _paths(folder, 0):
        if len(texts) >= MAX_FILES:
            break
        text = _read(path)
        if text is not None:
            texts[os.path.relpath(path, folder).replace(os.sep, "/")] = text
    return texts


def _paths(folder: str, depth: int) -> Iterator[str]:
    """Files worth reading, those of a folder before those of its subfolders, by name."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    below = []
    for entry in entries:
        if entry.is_symlink():
            continue
        if entry.is_dir():
            if depth < MAX_DEPTH and entry.name not in SKIPPED and not entry.name.startswith("."):
                below.append(entry.path)
        elif entry.name in NAMED or entry.name.endswith(SOURCES):
            yield entry.path
    for path in below:
        yield from _paths(path, depth + 1)


def _read(path: str) -> str | None:
    try:
        if os.path.getsize(path) > MAX_BYTES:
            return None
        with open(path, "rb") as file:
            return file.read(MAX_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
