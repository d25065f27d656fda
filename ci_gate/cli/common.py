"""Flags that every command has, and the surroundings a verb is called in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from ci_gate.config.flags import Surroundings
from ci_gate.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_CONFIG = "ci-gate.yml"


def output_options(command: F) -> F:
    """--quiet, --json, --no-color."""
    options = (
        click.option("--quiet", is_flag=True, help="No progress; errors and the result only."),
        click.option("--json", "as_json", is_flag=True, help="The result as JSON on stdout."),
        click.option("--no-color", is_flag=True, help="No colours (also: NO_COLOR=1)."),
    )
    return _apply(options, command)


def common_options(command: F) -> F:
    """-c/--config, --quiet, --json, --no-color."""
    config = click.option(
        "-c",
        "--config",
        metavar="FILE",
        help=f"Configuration; without it {DEFAULT_CONFIG} when there is one.",
    )
    return config(output_options(command))


def _apply(options: Iterable[Callable[[F], F]], command: F) -> F:
    """Options in the order in which help shows them."""
    for option in reversed(tuple(options)):
        command = option(command)
    return command


def map_option(command: F) -> F:
    """--map, repeatable."""
    return click.option(
        "--map",
        "maps",
        multiple=True,
        metavar="[NAME@][HOST:]PORT=PROTO://HOST:PORT",
        help="A listener on PORT for one dependency. Repeatable.",
    )(command)


def judge_options(command: F) -> F:
    """--fail-if, --warn-if, --only, --out."""
    only = click.option(
        "--only",
        multiple=True,
        metavar="ID|EXPRESSION",
        help="Judge these exchanges only: ids, beginnings of ids, JMESPath. Repeatable.",
    )
    return condition_options(only(out_option(command)))


def out_option(command: F) -> F:
    """--out."""
    return click.option(
        "--out",
        default="",
        metavar="DIR",
        help="Run directory [default: .ci-gate/runs/<utc>].",
    )(command)


def condition_options(command: F) -> F:
    """--fail-if, --warn-if."""
    options = (
        click.option(
            "--fail-if",
            multiple=True,
            metavar="CONDITION",
            help="Fail when this holds, such as 'latency.p95 > 50'. Repeatable; "
            "replaces the configured list.",
        ),
        click.option(
            "--warn-if",
            multiple=True,
            metavar="CONDITION",
            help="Warn when this holds. Repeatable; replaces the configured list.",
        ),
    )
    return _apply(options, command)


def mode_option(command: F) -> F:
    """--mode."""
    return click.option(
        "--mode",
        type=click.Choice(["gate", "report"]),
        default="gate",
        help="report: say what would have been blocked, and exit 0.",
    )(command)


def base_options(command: F) -> F:
    """--base, --baseline."""
    options = (
        click.option(
            "--base",
            default="",
            metavar="REVISION",
            help="Where gate.protect takes its keys from "
            "[default: what CI says, else origin/HEAD].",
        ),
        click.option(
            "--baseline",
            default="",
            metavar="RUN_DIR",
            help="Fail only on what this run directory, of the same snapshot, does not have.",
        ),
    )
    return _apply(options, command)


def snapshot_option(command: F) -> F:
    """--in."""
    return click.option(
        "--in",
        "snapshot",
        default="",
        metavar="DIR",
        help="Snapshot [default: the configured one, else snapshots/<folder name>].",
    )(command)


def surroundings(
    config: str | None, *, reading: bool = False, base: str | None = None
) -> Surroundings:
    """Read the configuration, and what the process's environment says.

    Unless only `reading` is meant (check, inspect), settings that this version cannot honour are
    refused, and there must be a place for the user's state. Verbs that judge give a `base`: then
    protected keys are those of that revision ("" = what CI says it is). Raises UsageError.
    """
    from ci_gate.config.file import check_honoured, load
    from ci_gate.store.statefolder import state_folder

    path = config if config is not None else DEFAULT_CONFIG
    folder = os.path.dirname(path) or "."
    found = None
    if config is not None or os.path.lexists(path):
        text = _read(path)
        found = load(text, path)
        if not reading:
            if base is not None and (base or found.settings.gate.protect or os.environ.get("CI")):
                # Git is asked only where there may be a base.
                from ci_gate.gate.changes.basis import with_protected

                found = with_protected(text, path, os.environ, base)
            check_honoured(found)
    return Surroundings(
        config=found,
        folder=folder,
        folder_name=os.path.basename(os.path.abspath(folder)),
        env=dict(os.environ),
        state_folder="" if reading else state_folder(os.environ),
    )


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8-sig")
    except FileNotFoundError as error:
        remedy = "`ci-gate init` writes one"
        raise UsageError(f"{path}: there is no such configuration; {remedy}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
