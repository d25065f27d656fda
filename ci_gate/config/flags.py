"""What a command line says, before it meets the configuration. Empty means: not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from ci_gate.config.file import ConfigFile
from ci_gate.config.problems import dotted
from ci_gate.config.schema import Configuration

_NOTHING = Configuration(version=1)


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a verb is called: everything that is neither flag nor configuration."""

    config: ConfigFile | None = None
    folder: str = "."
    """The configuration's folder as the user would write it; "." without one."""
    folder_name: str
    """Last part of its absolute path: the default name of service and snapshot."""
    env: Mapping[str, str]
    state_folder: str = ""

    @property
    def settings(self) -> Configuration:
        """The configuration, or one that says nothing."""
        return self.config.settings if self.config else _NOTHING

    @property
    def config_name(self) -> str:
        """The configuration as the user names it, or ""."""
        return self.config.name if self.config else ""

    def place(self, *path: str | int) -> str:
        """A place of the configuration with its line, for errors."""
        return self.config.place(*path) if self.config else dotted(path)

    def line(self, *path: str | int) -> int:
        """The line of a place of the configuration; 0 without one."""
        return self.config.line(*path) if self.config else 0


class RecordFlags(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate record`."""

    command: tuple[str, ...] = ()
    app_port: int | None = None
    in_port: int | None = None
    out_port: int | None = None
    out: str = ""
    drive: str = ""
    maps: tuple[str, ...] = ()
    add: bool = False
    replace: bool = False
    new_only: bool = False
    maximum: int | None = None


class MockFlags(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate mock`."""

    command: tuple[str, ...] = ()
    snapshot: str = ""
    out_port: int | None = None
    maps: tuple[str, ...] = ()


class JudgeFlags(msgspec.Struct, frozen=True, kw_only=True):
    """What `replay` and `run` share."""

    command: tuple[str, ...] = ()
    snapshot: str = ""
    fail_if: tuple[str, ...] = ()
    """Replaces the configuration's list when given."""
    warn_if: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    out: str = ""


class ReplayFlags(JudgeFlags, frozen=True, kw_only=True):
    """`ci-gate replay`."""

    target: str = ""


class RunFlags(JudgeFlags, frozen=True, kw_only=True):
    """`ci-gate run`."""

    app_port: int | None = None
    maps: tuple[str, ...] = ()
    mode: Literal["gate", "report"] = "gate"
    baseline: str = ""
    """A run directory."""
    shard: str = ""
    """"2/3", or "auto"."""
