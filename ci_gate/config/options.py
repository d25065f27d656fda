"""What each verb of `gate` takes: resolved, frozen, nothing read from the environment any more."""

from __future__ import annotations

from typing import Literal

import msgspec

from ci_gate.mocks.options import MockOptions
from ci_gate.model.edit import Edits
from ci_gate.model.known import Known, Quarantined
from ci_gate.model.result import ShardPart
from ci_gate.model.rule import Rule
from ci_gate.recorder.options import RecorderOptions, Upstream
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.service.options import ServiceOptions
from ci_gate.values.redaction.rules import RedactionRules


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions as written; each is (route or "", text)."""

    fail_if: tuple[tuple[str, str], ...] = ()
    warn_if: tuple[tuple[str, str], ...] = ()
    unstable: Literal["fail", "warn"] = "fail"
    """What a difference comes to that does not repeat when its chain is replayed alone."""


class RecordOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate record`."""

    service: ServiceOptions
    dependencies: tuple[Upstream, ...] = ()
    recorder: RecorderOptions = RecorderOptions()
    out: str
    """Snapshot folder."""
    existing: str = ""
    """"add", "new" or "replace" for a snapshot that is already there; "" refuses."""
    drive: str = ""
    """Shell line of a client script; the recording ends with it."""
    values: tuple[tuple[str, str], ...] = ()
    """(name, value) of `replay.set.values`: their stand-ins are kept by name."""
    redaction: RedactionRules = RedactionRules()
    redaction_key: str = ""
    """Hex; "" = the one in `state_folder`, made when absent."""
    state_folder: str = ""


class MockVerbOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate mock`: `service.command` is CMD, which keeps our stdin and stdout."""

    snapshot: str
    service: ServiceOptions
    dependencies: tuple[Upstream, ...] = ()
    mocks: MockOptions = MockOptions()
    rules: tuple[Rule, ...] = ()
    out_port: int = 4140
    state_folder: str = ""
    folder: str = "."


class ReplayVerbOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate replay`: compares answers only."""

    snapshot: str
    target: str
    service: ServiceOptions
    replay: ReplayerOptions = ReplayerOptions()
    policy: Policy = Policy()
    rules: tuple[Rule, ...] = ()
    known: tuple[Known, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()
    routes: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    out: str = ""
    """Run directory; "" = .ci-gate/runs/<utc>."""
    config: str = ""
    folder: str = "."
    redaction: RedactionRules = RedactionRules()
    redaction_key: str = ""
    """Hex, for what is kept of live answers; "" = the one in `state_folder`, else one for this run."""
    state_folder: str = ""


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate run`: the gate."""

    snapshot: str
    service: ServiceOptions
    dependencies: tuple[Upstream, ...] = ()
    mocks: MockOptions = MockOptions()
    replay: ReplayerOptions = ReplayerOptions()
    policy: Policy = Policy()
    rules: tuple[Rule, ...] = ()
    known: tuple[Known, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()
    baseline: str = ""
    """A run directory of the same snapshot: what differs there, too, is not new. "" = none."""
    routes: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Ids, id prefixes or JMESPath expressions of `--only`."""
    shard: ShardPart | None = None
    """Judge these chains only, and keep what `merge` needs; None = a whole run."""
    out: str = ""
    config: str = ""
    folder: str = "."
    """The config file's folder: working directory and base of relative paths."""
    redaction: RedactionRules = RedactionRules()
    redaction_key: str = ""
    state_folder: str = ""
    report_only: bool = False
    """`--mode report`: the verdict is said and blocks nothing."""
    edits: Edits | None = None
    """What the change edits in what it is judged by, for the result to carry."""
