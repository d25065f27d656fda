"""`ci-gate record`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, map_option, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand, command_line

EXAMPLES = """
# start the service, record a client script, stop with it
ci-gate record --app-port 8080 --drive 'sh smoke-test.sh' -- python -m orders

# record what somebody clicks: send requests to port 4143, then Ctrl-C
ci-gate record --app-port 8080 -- node server.js

# and learn at once what varies, with three replays of what was recorded
ci-gate record --app-port 8080 --drive 'sh smoke-test.sh' --learn -- python -m orders

# beside a service that runs already; it calls payments through port 8081
ci-gate record --app-port 8080 --map payments@8081=https://api.payments.example:443
"""


@click.command(
    cls=GateCommand,
    name="record",
    short_help=COMMANDS["record"],
    examples=EXAMPLES,
    takes_command=True,
)
@click.option(
    "--app-port",
    type=int,
    metavar="PORT",
    help="The service's port. Without it (or service.port) nothing inbound is recorded.",
)
@click.option(
    "--out",
    default="",
    metavar="DIR",
    help="Snapshot to write [default: the configured one, else snapshots/<folder name>].",
)
@click.option(
    "--in-port",
    type=int,
    metavar="PORT",
    help="Where clients send requests to be recorded [default: 4143; 0 = a free one].",
)
@click.option(
    "--out-port",
    type=int,
    metavar="PORT",
    help="The proxy the service calls out through [default: 4140; 0 = a free one].",
)
@click.option(
    "--drive",
    default="",
    metavar="SHELL",
    help="A client script; the recording ends with it. $CI_GATE_TARGET is the address to call.",
)
@map_option
@click.option("--add", is_flag=True, help="Add to the snapshot that is there.")
@click.option("--replace", is_flag=True, help="Replace the snapshot that is there.")
@click.option(
    "--new-only", is_flag=True, help="Add what shows a kind of behaviour that is not there yet."
)
@click.option(
    "--max", "maximum", type=int, metavar="N", help="Inbound exchanges kept [default: 300]."
)
@click.option(
    "--learn",
    "replays",
    type=int,
    is_flag=False,
    flag_value=3,
    metavar="[N]",
    help="Then learn what varies, with N replays [default: 3].",
)
@click.option(
    "--misses",
    is_flag=True,
    help="Replay instead, and ask the upstreams only for calls that nobody has recorded.",
)
@click.option("--force", is_flag=True, help="With --misses: also where CI is set.")
@click.option(
    "--writes", is_flag=True, help="With --misses: also ask for what writes, of HTTP and databases."
)
@click.option(
    "--stand-ins",
    is_flag=True,
    help="With --misses: also ask with stand-ins in the place of redacted values.",
)
@common_options
def command(
    app_port: int | None,
    out: str,
    in_port: int | None,
    out_port: int | None,
    drive: str,
    maps: tuple[str, ...],
    add: bool,
    replace: bool,
    new_only: bool,
    maximum: int | None,
    replays: int | None,
    misses: bool,
    force: bool,
    writes: bool,
    stand_ins: bool,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Record a service's traffic into a snapshot.

    Starts CMD (or service.command) with proxy settings and our certificate authority, records
    what comes in and what it calls, redacts, and writes the snapshot when CMD or the driver ends
    or at Ctrl-C. Without either it stands beside a service that runs already. CMD keeps stdin
    and stdout; our own lines go to stderr. With --learn the service is then booted and replayed as
    `ci-gate learn` does it; what cannot be learned leaves the snapshot as it was recorded. The exit
    code is CMD's; with --learn that of learning, when CMD ended well. With --misses the snapshot
    that is there is replayed among its mocks; calls that it has no answer for are put to
    dependencies.*.upstream, redacted and added; nothing that writes is, unless --writes is given,
    and nothing with a redacted value's stand-in, unless --stand-ins is. That calls real
    dependencies, so never in CI.
    """
    import msgspec

    from ci_gate.cli.output import output
    from ci_gate.cli.summaries import show_lesson, show_recording
    from ci_gate.config.flags import RecordFlags, RunFlags
    from ci_gate.config.resolve import record_options, run_options
    from ci_gate.errors import UsageError
    from ci_gate.gate.learn import check, learn
    from ci_gate.gate.record import record
    from ci_gate.net.loop import run

    around = surroundings(config)
    _check_flags(misses=misses)
    if misses:
        from ci_gate.cli.misses import record_misses

        again = RunFlags(command=command_line(), snapshot=out, app_port=app_port, maps=maps)
        resolved = run_options(again, around)
        return record_misses(
            resolved,
            force=force,
            writes=writes,
            stand_ins=stand_ins,
            quiet=quiet,
            as_json=as_json,
        )
    flags = RecordFlags(
        command=command_line(),
        app_port=app_port,
        in_port=in_port,
        out_port=out_port,
        out=out,
        drive=drive,
        maps=maps,
        add=add,
        replace=replace,
        new_only=new_only,
        maximum=maximum,
    )
    options = record_options(flags, around)
    lesson = None
    if replays is not None:
        again = RunFlags(command=flags.command, snapshot=out, app_port=app_port, maps=maps)
        lesson = run_options(again, around)
        check(lesson, replays)
        if not options.recorder.app_port and not options.service.auto_port:
            raise UsageError(
                "--learn replays the inbound requests: give --app-port, or service.port"
            )
    with output(quiet=quiet, no_color=no_color, shared=True) as sink:
        summary = run(record(options, sink))
    if lesson is None or replays is None or summary.exit_code:
        if lesson is not None:
            why = f"nothing was learned: CMD or its driver ended with {summary.exit_code}"
            warnings = (*summary.warnings, why)
            summary = msgspec.structs.replace(summary, warnings=warnings)
        show_recording(summary, as_json=as_json, quiet=quiet)
        return summary.exit_code
    if not as_json:
        show_recording(summary, quiet=quiet)
    with output(quiet=quiet, no_color=no_color) as sink:
        learned = run(learn(lesson, sink, replays))
    if as_json:
        show_recording(msgspec.structs.replace(summary, learned=learned), as_json=True)
    else:
        show_lesson(learned, quiet=quiet)
    return learned.exit_code


def _check_flags(*, misses: bool) -> None:
    """Raise UsageError for flags that --misses does not look at, or that only it does."""
    from ci_gate.errors import UsageError

    of_misses = ("force", "writes", "stand_ins")
    of_recording = (
        "in_port",
        "out_port",
        "drive",
        "add",
        "replace",
        "new_only",
        "maximum",
        "replays",
    )
    context = click.get_current_context()
    unused = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in (of_recording if misses else of_misses)
        and context.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
    ]
    if unused:
        where = "not with --misses, which replays what is there" if misses else "only with --misses"
        raise UsageError(f"{', '.join(unused)}: {where}")
