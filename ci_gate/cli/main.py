"""The entry point: errors and signals become messages on stderr and exit codes here, nowhere else.

0 pass · 1 the gate failed · 2 usage or configuration · 3 could not run, or a bug · 130/143
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from ci_gate import __version__
from ci_gate.cli.group import HELP, Gate
from ci_gate.errors import GateError

DEBUG = "CI_GATE_DEBUG"

USAGE = 2
CANNOT_RUN = 3
INTERRUPTED = 130
TERMINATED = 143


@click.group(
    cls=Gate,
    context_settings={"help_option_names": list(HELP), "max_content_width": 100},
    epilog="`ci-gate COMMAND --help` shows options and examples.",
)
@click.version_option(__version__, message="ci-gate %(version)s")
def cli() -> None:
    """Stop behavioural regressions at the pull request by replaying real traffic.

    \b
    Start here:
      ci-gate init                                   write ci-gate.yml
      ci-gate record --drive 'sh smoke-test.sh'      record the service into a snapshot
      ci-gate run                                    the gate, offline
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line (default: the process's) and leave with its exit code."""
    sys.exit(execute(arguments))


def execute(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns its exit code and raises nothing."""
    try:
        if arguments is None and sys.argv[1:2] == ["action"]:
            _seal()
        code = cli.main(args=arguments, prog_name="ci-gate", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        _show_usage(error)
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except GateError as error:
        _complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        # Who read our output has gone; nothing can be said to them any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return CANNOT_RUN
    except Exception as error:
        return _unexpected(error)
    except BaseException as error:
        if isinstance(error, SystemExit):
            return error.code if isinstance(error.code, int) else USAGE
        if _is_terminated(error):
            return TERMINATED
        raise
    return code if isinstance(code, int) else 0


def _seal() -> None:
    """Get a job's credentials out of the service's sight; only where this process is ours alone."""
    from ci_gate.gate.serving.sealing import seal

    seal(os.environ)


def _show_usage(error: click.ClickException) -> None:
    """What was wrong with the command line, after how it is meant."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show(file=sys.stderr)
        return
    click.echo(context.get_usage(), err=True)
    _complain(f"{error.format_message()}\n`{context.command_path} --help` shows what there is")


def _is_terminated(error: BaseException) -> bool:
    # asyncio is imported by the verbs only: --help does without.
    from ci_gate.net.loop import Terminated

    return isinstance(error, Terminated)


def _unexpected(error: Exception) -> int:
    """One line for people, the traceback for whoever asks for it."""
    from ci_gate.cli.output import printable, tell
    from ci_gate.values.redaction.masks import masked

    if os.environ.get(DEBUG):
        tell("".join(traceback.format_exception(error)).rstrip())
    text = printable(masked(f"{type(error).__name__}: {error}"[:300]))
    _complain(f"internal error: {text} (run again with {DEBUG}=1 for the traceback)")
    return CANNOT_RUN


def _complain(text: str) -> None:
    from ci_gate.cli.output import tell

    for line in text.splitlines() or [""]:
        tell(f"ci-gate: {line}")
