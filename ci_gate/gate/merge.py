"""`merge`: the run directories of all shards as the one run that they are parts of.

Nothing is run: what the shards have observed is judged, all of it together, as `run` judges.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.errors import UsageError
from ci_gate.gate import events
from ci_gate.gate.judging.allowing import allowed
from ci_gate.gate.judging.baseline import letting_pass
from ci_gate.gate.judging.judged import Judged, judged
from ci_gate.gate.judging.reporting import run_directory, write_run
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.planning import make_plan
from ci_gate.gate.redact import held_clean
from ci_gate.gate.run import about
from ci_gate.gate.shards.merging import evidence_of_shards
from ci_gate.gate.shards.sharding import basis_of
from ci_gate.model.change import Change, MadeCall
from ci_gate.model.result import Result
from ci_gate.model.shard import Basis, Shard
from ci_gate.report.words import plural
from ci_gate.store import shards as documents
from ci_gate.store.files import read_or_none, write_file
from ci_gate.store.runs import RunDirectory, read_change

_SAME = {
    "version": ("another version of ci-gate", "run all shards, and merge, with one"),
    "commit": ("another commit", "check the same one out in every job"),
    "snapshot": ("another snapshot", "run all shards, and merge, with the same one"),
    "settings": ("other rules or settings", "give every job the same configuration and flags"),
}
"""What all shards have in common -> what one has that has not, and the remedy."""


async def merge(options: RunOptions, folders: Sequence[str], sink: events.Sink) -> Result:
    """Judge all shards of one run together; the run directory is written as `run` writes it.

    `options` are those of a whole run. `folders`: run directories of shards, or folders that hold
    them. Raises UsageError for what are not all shards of one run of what is checked out here.
    """
    plan = make_plan(options)
    what = letting_pass(options, plan)
    found = _read_all(folders)
    shards = [shard for _, shard in found]
    _check_complete(found)
    _check_same(found, basis_of(plan, options))
    sink(events.Stage("merge", f"{plural(len(shards), 'shard')}"))
    evidence = evidence_of_shards(shards, plan, about(options), Cleaning(options))
    outcome = judged(allowed(evidence, what))
    notices = (*outcome.result.notices, f"merged from {plural(len(shards), 'shard')}")
    judged_clean = held_clean(outcome.result, options.snapshot, options.redaction)
    result = msgspec.structs.replace(
        judged_clean, notices=notices, report_only=options.report_only, edits=options.edits
    )
    paths = [path for path, _ in found]
    outcome = msgspec.structs.replace(outcome, result=result, changes=_changes(outcome, paths))
    with run_directory(options, plan.started_at) as folder:
        write_file(folder.service_log, _logs(found))
        write_run(folder, outcome)
        sink(events.Stage("report", folder.path))
    return result


# -- what is merged

_Found = Sequence[tuple[str, Shard]]
"""Run directories with their shards."""


def _read_all(folders: Sequence[str]) -> list[tuple[str, Shard]]:
    """The shards in or right below the folders, by their numbers."""
    found = []
    for folder in dict.fromkeys(os.path.normpath(one) for one in folders):
        paths = [folder] if _is_shard(folder) else _below(folder)
        if not paths:
            raise UsageError(f"{folder}: {_what(folder)}")
        for path in paths:
            name = RunDirectory(path).shard
            data = read_or_none(name)
            if data is None:
                raise UsageError(f"{name}: cannot be read")
            found.append((path, documents.decode(data, name)))
    return sorted(found, key=lambda one: one[1].part.index)


def _is_shard(folder: str) -> bool:
    return os.path.isfile(RunDirectory(folder).shard)


def _below(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [path for name in names if _is_shard(path := os.path.join(folder, name))]


def _what(folder: str) -> str:
    """Why a folder holds no shard, and what to do about it."""
    if os.path.isfile(RunDirectory(folder).result):
        return "is a whole run, or was made without --shard; there is nothing to merge"
    if os.path.isfile(folder):
        return "is a file; unpack it, and give the run directory"
    if not os.path.isdir(folder):
        return "is not there; was the artifact of this shard's job downloaded?"
    return "holds no shard; give run directories of `ci-gate run --shard I/N`"


def _check_complete(found: _Found) -> None:
    """Raise UsageError unless each shard of one run is there exactly once."""
    counts = {shard.part.count for _, shard in found}
    if len(counts) > 1:
        first = found[0]
        path, other = next(one for one in found if one[1].part.count != first[1].part.count)
        raise UsageError(
            f"{first[0]} is shard {first[1].part} and {path} is shard {other.part}: not of one "
            "run; give the run directories of one run"
        )
    by_index: dict[int, str] = {}
    for path, shard in found:
        if shard.part.index in by_index:
            raise UsageError(
                f"shard {shard.part} is there twice: {by_index[shard.part.index]} and {path}; give "
                "each once"
            )
        by_index[shard.part.index] = path
    count = counts.pop()
    missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in by_index]
    if missing:
        names = ", ".join(missing[:20])
        raise UsageError(
            f"{plural(len(missing), 'shard')} missing: {names}; did the job come to an end, and "
            "was its artifact downloaded? Run it again: nothing is judged without it"
        )
    if any(index > count for index in by_index):
        raise UsageError(f"shard {max(by_index)} of {count}: there is no such shard")


def _check_same(found: _Found, here: Basis) -> None:
    """Raise UsageError unless all shards are of one run of what is checked out here."""
    for name, (other, remedy) in _SAME.items():
        for path, shard in found:
            theirs, ours = getattr(shard.basis, name), getattr(here, name)
            if theirs != ours and (name != "commit" or (theirs and ours)):
                raise UsageError(
                    f"{path}: shard {shard.part} was run with {other} ({theirs[:12]}) than "
                    f"there is here ({ours[:12]}); {remedy}"
                )


# -- what is kept besides the result


def _changes(outcome: Judged, folders: Sequence[str]) -> tuple[Change, ...]:
    """What the shards have kept for `accept`, with the causes of the whole run."""
    return tuple(_change(one, folders) for one in outcome.changes)


def _change(made: Change, folders: Sequence[str]) -> Change:
    kept = [one for folder in folders if (one := _kept(folder, made.name)) is not None]
    if not kept:
        return made
    calls: dict[bytes, MadeCall] = {}
    for one in kept:
        for call in one.calls:
            calls.setdefault(_form(call), call)
    stored = {name: value for one in kept for name, value in one.stored.items()}
    return msgspec.structs.replace(
        made,
        live=kept[0].live,
        calls=tuple(calls.values()),
        more=max(one.more for one in kept),
        order=tuple(dict.fromkeys(name for one in kept for name in one.order)),
        stored=dict(sorted((made.stored | stored).items())),
    )


def _kept(folder: str, name: str) -> Change | None:
    try:
        return read_change(folder, name)
    except UsageError:
        return None


def _form(call: MadeCall) -> bytes:
    """What is the same of a call that every shard sees again: at startup, in the background."""
    plain = msgspec.structs.replace(call.exchange, id="", at=0.0, took=0.0)
    form = (call.change, call.recorded, call.late, repr(plain))
    return msgspec.json.encode(form)


def _logs(found: _Found) -> bytes:
    """What the service printed in each shard."""
    parts = []
    for path, shard in found:
        text = read_or_none(RunDirectory(path).service_log) or b""
        parts.append(b"--- shard %b\n" % str(shard.part).encode() + text)
    return b"".join(part if part.endswith(b"\n") else part + b"\n" for part in parts)
