"""File, flags and environment -> each verb's own options. Flags win; nothing is left to guess."""

from __future__ import annotations

import msgspec

from ci_gate.config.dependencies import resolve_dependencies
from ci_gate.config.flags import MockFlags, RecordFlags, ReplayFlags, RunFlags, Surroundings
from ci_gate.config.judging import (
    redaction_key,
    resolve_known,
    resolve_policy,
    resolve_quarantine,
    resolve_replayer,
    resolve_rules,
    set_values,
    snapshot_folder,
)
from ci_gate.config.options import MockVerbOptions, RecordOptions, ReplayVerbOptions, RunOptions
from ci_gate.config.redaction import redaction_rules
from ci_gate.config.schema import Configuration
from ci_gate.config.service import given_service, resolve_service
from ci_gate.config.shards import shard_part
from ci_gate.config.units import duration, origin, port, server_port
from ci_gate.errors import UsageError
from ci_gate.mocks.options import MockOptions
from ci_gate.recorder.options import RecorderOptions


def record_options(flags: RecordFlags, around: Surroundings) -> RecordOptions:
    """Options of `ci-gate record`; raises UsageError."""
    settings = around.settings
    if flags.add + flags.replace + flags.new_only > 1:
        raise UsageError("--add, --replace and --new-only exclude each other")
    if flags.maximum is not None and flags.maximum < 1:
        raise UsageError(f"--max {flags.maximum}: at least 1")
    defaults = RecorderOptions()
    dependencies = resolve_dependencies(flags.maps, settings)
    app_port = _port("--app-port", flags.app_port, 0)
    service = resolve_service(flags.command, around, dependencies, app_port)
    recorder = RecorderOptions(
        app_port=app_port or service.port or (server_port(service.url) if service.url else 0),
        in_port=_port("--in-port", flags.in_port, defaults.in_port),
        out_port=_port("--out-port", flags.out_port, defaults.out_port),
        maximum=flags.maximum or defaults.maximum,
        settle=duration(settings.replay.settle),
        routes=settings.routes,
    )
    return RecordOptions(
        service=service,
        dependencies=dependencies,
        recorder=recorder,
        out=snapshot_folder(flags.out, around),
        existing="add" if flags.add else "replace" if flags.replace else _new(flags),
        drive=flags.drive,
        values=set_values(around),
        redaction=redaction_rules(around.settings.redaction),
        redaction_key=redaction_key(around.env),
        state_folder=around.state_folder,
    )


def mock_options(flags: MockFlags, around: Surroundings) -> MockVerbOptions:
    """Options of `ci-gate mock`; raises UsageError."""
    settings = around.settings
    dependencies = resolve_dependencies(flags.maps, settings)
    return MockVerbOptions(
        snapshot=snapshot_folder(flags.snapshot, around),
        service=resolve_service(flags.command, around, dependencies, 0),
        dependencies=dependencies,
        mocks=MockOptions(latency=settings.mocks.latency),
        rules=resolve_rules(around),
        out_port=_port("--out-port", flags.out_port, RecorderOptions().out_port),
        state_folder=around.state_folder,
        folder=around.folder,
    )


def replay_options(flags: ReplayFlags, around: Surroundings) -> ReplayVerbOptions:
    """Options of `ci-gate replay`; a `target` of "" is for the gate to take from the snapshot."""
    return ReplayVerbOptions(
        snapshot=snapshot_folder(flags.snapshot, around),
        target=_target(flags, around.settings),
        service=given_service(flags.command, around),
        replay=resolve_replayer(around),
        policy=resolve_policy(flags, around),
        rules=resolve_rules(around),
        known=resolve_known(around),
        quarantine=resolve_quarantine(around),
        routes=around.settings.routes,
        only=flags.only,
        out=flags.out,
        config=around.config_name,
        folder=around.folder,
        redaction=redaction_rules(around.settings.redaction),
        redaction_key=redaction_key(around.env),
        state_folder=around.state_folder,
    )


def run_options(flags: RunFlags, around: Surroundings) -> RunOptions:
    """Options of `ci-gate run`; raises UsageError, also when there is no service to run."""
    options = merge_options(flags, around)
    service, shard = options.service, shard_part(flags.shard, around.env)
    if not (service.command or service.image or service.url):
        where = f"{around.config_name}: " if around.config else ""
        raise UsageError(
            f"{where}no service to run: set service.command, "
            "or give the command after --, such as: ci-gate run -- python -m orders"
        )
    if shard is not None and flags.only:
        raise UsageError("--only and --shard exclude each other: a shard has its own exchanges")
    return msgspec.structs.replace(options, shard=shard)


def merge_options(flags: RunFlags, around: Surroundings) -> RunOptions:
    """Options of `ci-gate merge`: those of the run that the shards are of; no service is needed.

    Raises UsageError.
    """
    settings = around.settings
    dependencies = resolve_dependencies(flags.maps, settings)
    app_port = _port("--app-port", flags.app_port, 0)
    return RunOptions(
        snapshot=snapshot_folder(flags.snapshot, around),
        service=resolve_service(flags.command, around, dependencies, app_port),
        dependencies=dependencies,
        mocks=MockOptions(latency=settings.mocks.latency),
        replay=resolve_replayer(around),
        policy=resolve_policy(flags, around),
        rules=resolve_rules(around),
        known=resolve_known(around),
        quarantine=resolve_quarantine(around),
        routes=settings.routes,
        only=flags.only,
        baseline=flags.baseline,
        out=flags.out,
        config=around.config_name,
        folder=around.folder,
        redaction=redaction_rules(around.settings.redaction),
        redaction_key=redaction_key(around.env),
        state_folder=around.state_folder,
        report_only=flags.mode == "report",
    )


def _new(flags: RecordFlags) -> str:
    return "new" if flags.new_only else ""


def _target(flags: ReplayFlags, settings: Configuration) -> str:
    if flags.target:
        try:
            return origin(flags.target if "://" in flags.target else f"http://{flags.target}")
        except ValueError as error:
            raise UsageError(f"--target: {error}") from error
    if settings.service.url and not flags.command:
        return origin(settings.service.url)
    if isinstance(settings.service.port, int) and settings.service.port:
        return f"http://127.0.0.1:{settings.service.port}"
    return ""


def _port(flag: str, given: int | None, default: int) -> int:
    """A port flag; 0 is allowed and means any free one (--app-port: nothing inbound)."""
    try:
        return default if given is None else port(given, free=True)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from error
