"""Whether a run may be accepted here: what it ran is what is checked out, but for the snapshot."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

import msgspec

from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.changes.revisions import Repository
from ci_gate.model.change import Change
from ci_gate.model.exchange import Exchange
from ci_gate.model.result import Result
from ci_gate.report.text import one_line
from ci_gate.store.disk import digest_of
from ci_gate.store.files import read_or_none, write_file

ACCEPTED = "accepted.json"
"""File of a run directory: what accepting has made of the exchanges that the run read."""
_MOST = 5_000_000


def refuse_other_commit(result: Result, snapshot: str, folder: str) -> None:
    """Raise UsageError when the run was made at a commit that is neither HEAD, nor the platform's
    merge of it, nor an ancestor from which only the snapshot changed."""
    ran = result.environment.commit
    repository = Repository(folder)
    try:
        head = repository.commit("HEAD")
    except (UsageError, CannotRun):
        return  # Not in git: the stored forms alone tell.
    if not ran or ran == head:
        return
    if not repository.knows(ran):
        raise UsageError(
            f"the run was made at {one_line(ran, 12)}, which is not in this clone: fetch it "
            f"(`git fetch origin {one_line(ran, 64)}`), or run the gate here"
        )
    made_of = {ran, *repository.parents(ran)[1:]}
    path = repository.path(snapshot) + "/"
    if head in made_of or any(_only_snapshot(repository, one, head, path) for one in made_of):
        return
    raise UsageError(
        f"the run was made at {repository.short(ran)}, and more than the snapshot is different at "
        f"HEAD ({repository.short(head)}); run the gate again"
    )


def _only_snapshot(repository: Repository, one: str, head: str, path: str) -> bool:
    if repository.merge_base(one, head) != one:
        return False
    return all(name.startswith(path) for name in repository.changed(one, head))


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exchanges: dict[str, str] = {}
    """Id -> digest of the stored form, "" = it was accepted to be gone."""
    causes: tuple[str, ...] = ()


class Basis:
    """The stored forms that a run read, and what accepting has made of them since."""

    def __init__(self, run: str) -> None:
        self._path = os.path.join(run, ACCEPTED)
        self._kept = _Kept()
        data = read_or_none(self._path)
        if data is not None and len(data) <= _MOST:
            try:
                self._kept = msgspec.json.decode(data, type=_Kept)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise UsageError(f"{self._path}: {error}; remove it, or run again") from error

    @property
    def _made(self) -> dict[str, str]:
        return self._kept.exchanges

    def refuse_others(self, change: Change, known: dict[str, Exchange], used: set[str]) -> None:
        """Raise UsageError for an exchange of `used` that is not as the run read it, or as an
        earlier accepting of the same run has left it."""
        for name in sorted(used):
            exchange = known.get(name)
            if exchange is None:
                gone = self._made.get(name) == ""
                why = "was accepted to be gone" if gone else "is not in this snapshot"
                raise UsageError(
                    f"exchange {one_line(name, 60)}, which the run replayed, {why}: it is another "
                    "snapshot, or it was edited; run the gate again"
                )
            digest = digest_of(exchange)
            if digest not in (change.stored.get(name), self._made.get(name)):
                raise UsageError(
                    f"exchange {name} is not as the run read it: it was edited since; run the gate "
                    "again"
                )

    def accepted(self, known: Mapping[str, Exchange]) -> frozenset[str]:
        """The causes that were accepted before; none when the snapshot is not as that left it."""
        now = {name: digest_of(known[name]) if name in known else "" for name in self._made}
        return frozenset(self._kept.causes if now == self._made else ())

    def keep(self, made: Mapping[str, Exchange | None], causes: Collection[str] = ()) -> bool:
        """Remember what the exchanges are now, so that other causes of the run can be accepted,
        too, and the `causes` that are done with. False when the run directory cannot be written."""
        now = {name: digest_of(one) if one is not None else "" for name, one in made.items()}
        every = tuple(dict.fromkeys((*self._kept.causes, *causes)))
        self._kept = _Kept({**self._made, **now}, every)
        try:
            write_file(self._path, msgspec.json.encode(self._kept))
        except CannotRun:
            return False
        return True
