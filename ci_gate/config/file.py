"""Reading ci-gate.yml: text in, a checked configuration out, every fault with its line."""

from __future__ import annotations

import msgspec

from ci_gate.config.known import check_known
from ci_gate.config.lines import Document, Path, read_lines
from ci_gate.config.problems import Problems, dotted
from ci_gate.config.rules import check_rules
from ci_gate.config.schema import Configuration
from ci_gate.config.sections import check_sections
from ci_gate.config.shape import check_shape
from ci_gate.config.unsupported import check_supported
from ci_gate.errors import UsageError

NAME = "ci-gate.yml"
VERSION = 1

_TEXTS = frozenset(
    {
        ("service", "stop_timeout"),
        ("service", "ready", "timeout"),
        ("replay", "settle"),
        ("replay", "timeout"),
    }
)
_TEXTS_BELOW = frozenset({("service", "env"), ("service", "command"), ("replay", "set", "headers")})


class ConfigFile(msgspec.Struct, frozen=True):
    """A configuration that was read, and where each of its places stands in the text."""

    name: str
    """The file as the user names it."""
    settings: Configuration
    document: Document

    def place(self, *path: str | int) -> str:
        """ "ci-gate.yml:9: service.env.TOKEN", for errors about that place."""
        return f"{self.name}:{self.document.line(path)}: {dotted(path)}"

    def line(self, *path: str | int) -> int:
        """The 1-based line of a place."""
        return self.document.line(path)


def load(text: str, name: str = NAME) -> ConfigFile:
    """Read and check a configuration.

    Raises UsageError with one line for each fault: "ci-gate.yml:12: service.redy: unknown key;
    allowed: …; did you mean ready?".
    """
    document = read_lines(text, name, _textual)
    if not isinstance(document.data, dict):
        what = "it is empty" if document.data is None else "it is not a mapping"
        raise UsageError(f"{name}: {what}; the smallest configuration is `version: {VERSION}`")
    problems = Problems(name, document)
    version = document.data.get("version")
    if version is None:
        raise UsageError(f"{name}:1: version is missing; write version: {VERSION}")
    if isinstance(version, int) and not isinstance(version, bool) and version != VERSION:
        newer = "written for a newer ci-gate; update it" if version > VERSION else "unknown"
        problems.add(("version",), f"{version} is {newer}; this one reads version {VERSION}")
        problems.finish()
    data = check_shape(document.data, Configuration, problems)
    problems.finish()
    try:
        settings = msgspec.convert(data, Configuration)
    except msgspec.ValidationError as error:  # pragma: no cover - the shape was checked before
        raise UsageError(f"{name}: {error}") from error
    check_sections(settings, problems)
    check_rules(settings, problems)
    check_known(settings, problems)
    problems.finish()
    return ConfigFile(name, settings, document)


def check_honoured(config: ConfigFile) -> None:
    """Raise UsageError for settings whose feature this version does not have."""
    problems = Problems(config.name, config.document)
    check_supported(config.settings, problems)
    problems.finish()


def _textual(path: Path) -> bool:
    """Places whose scalars are text as written: `PORT: 8080` is "8080", `V: 1.10` is "1.10"."""
    return path in _TEXTS or path[:-1] in _TEXTS_BELOW
