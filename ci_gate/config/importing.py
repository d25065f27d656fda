"""`ci-gate import`: flags and configuration -> its options."""

from __future__ import annotations

import msgspec

from ci_gate.config.dependencies import resolve_dependencies
from ci_gate.config.flags import Surroundings
from ci_gate.config.judging import redaction_key, snapshot_folder
from ci_gate.config.redaction import redaction_rules
from ci_gate.config.service import service_name
from ci_gate.config.units import duration
from ci_gate.errors import UsageError
from ci_gate.recorder.options import Upstream
from ci_gate.values.redaction.rules import RedactionRules


class ImportFlags(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    path: str
    form: str = ""
    out: str = ""
    direction: str = ""
    lenient: bool = False
    add: bool = False
    replace: bool = False
    dependency: str = ""
    environment: str = ""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `gate.importing` takes."""

    path: str
    out: str
    format: str = ""
    """"" = recognised."""
    direction: str = ""
    """"inbound" or "outbound" for formats that do not say it; "" = the format's default."""
    lenient: bool = False
    existing: str = ""
    """"add" or "replace" for a snapshot that is there."""
    dependency: str = ""
    """Name of who answers calls without a host; "" = not told."""
    environment: str = ""
    """File with values of {{names}}."""
    service: str = ""
    dependencies: tuple[Upstream, ...] = ()
    routes: tuple[str, ...] = ()
    config: str = ""
    """Configuration that gets the rules; "" = there is none."""
    settle: float = 0.5
    redaction_key: str = ""
    """Hex; "" = the one in `state_folder`, made when absent."""
    state_folder: str = ""
    redaction: RedactionRules = RedactionRules()


def import_options(flags: ImportFlags, around: Surroundings) -> ImportOptions:
    """Options of `ci-gate import`; raises UsageError."""
    if flags.add and flags.replace:
        raise UsageError("--add and --replace exclude each other")
    settings = around.settings
    dependencies = resolve_dependencies((), settings)
    http = [one.name for one in dependencies if one.protocol == "http" and not one.role]
    return ImportOptions(
        path=flags.path,
        out=snapshot_folder(flags.out, around),
        format=flags.form,
        direction=flags.direction,
        lenient=flags.lenient,
        existing="add" if flags.add else "replace" if flags.replace else "",
        dependency=flags.dependency or (http[0] if len(http) == 1 else ""),
        environment=flags.environment,
        service=service_name(around),
        dependencies=dependencies,
        routes=settings.routes,
        config=around.config_name,
        settle=duration(settings.replay.settle),
        redaction_key=redaction_key(around.env),
        state_folder=around.state_folder,
        redaction=redaction_rules(settings.redaction),
    )
