"""`ci-gate action`."""

from __future__ import annotations

import os

import click

from ci_gate.cli.common import surroundings
from ci_gate.cli.group import COMMANDS, GateCommand
from ci_gate.errors import UsageError

EXAMPLES = """
# with INPUT_CONFIG=services/orders/ci-gate.yml, as GitHub sets it
ci-gate action

# with CI_GATE_INPUT_MODE=report and CI_GATE_INPUT_KEY=eu, anywhere else
ci-gate action
"""


@click.command(cls=GateCommand, name="action", short_help=COMMANDS["action"], examples=EXAMPLES)
def command() -> int:
    """The gate as a CI job: inputs, page, annotations and comment of the platform.

    Takes no options: inputs are variables, INPUT_<NAME> as GitHub sets them or
    CI_GATE_INPUT_<NAME>: config, snapshot, mode (gate, report), key, comment (changes, always,
    never), token, check_run (true, false), working_directory, out, base, baseline, shard (2/3,
    auto), merge (the folder of all shards). Writes the job's page, outputs, annotations and report
    files, and comments when it has a token; a shard does nothing of this, the job that merges does.
    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive.
    """
    import msgspec

    from ci_gate.cli.output import command as command_line
    from ci_gate.cli.output import output
    from ci_gate.cli.results import show_result
    from ci_gate.forge.detect import detect
    from ci_gate.gate.ci import action
    from ci_gate.gate.events import Note
    from ci_gate.gate.pipeline.connect import token_of
    from ci_gate.gate.pipeline.inputs import read_inputs
    from ci_gate.gate.serving.sealing import forget
    from ci_gate.net.loop import run

    inputs = read_inputs(os.environ)
    token = inputs.token or token_of(detect(os.environ).platform, os.environ)
    forget(os.environ, token)
    inputs = msgspec.structs.replace(inputs, token=token)
    _enter(inputs.working_directory)
    around = surroundings(inputs.config or None, base=inputs.base)
    with output(quiet=False, no_color=False) as sink:
        acted = run(action(inputs, around, sink))
        if acted.published is not None and acted.published.notice and not acted.lines:
            sink(Note(acted.published.notice, "warning"))
    code = show_result(acted.result, as_json=False, no_color=False)
    for line in acted.lines:
        command_line(line)
    return code


def _enter(folder: str) -> None:
    if not folder:
        return
    try:
        os.chdir(folder)
    except OSError as error:
        raise UsageError(f"input working_directory: {folder}: {error.strerror}") from error
