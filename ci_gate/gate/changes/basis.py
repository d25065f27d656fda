"""What a change is held against: its base commit, what it edits there, and protected keys."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from ci_gate.config.file import ConfigFile, load
from ci_gate.errors import CannotRun, UsageError
from ci_gate.forge.detect import ChangeRequest, detect
from ci_gate.gate.change import ChangeOptions, change
from ci_gate.gate.changes.protect import protected
from ci_gate.gate.changes.revisions import Repository
from ci_gate.gate.pipeline.connect import event_text
from ci_gate.model.edit import Edits
from ci_gate.report.text import one_line


def base_commit(
    repository: Repository, request: ChangeRequest, given: str = "", at: str = "HEAD"
) -> str:
    """The commit that the change `at` is to be held against, or "" when the clone does not have it.

    `given` wins and must be there (UsageError). Else, in this order: the first parent of the
    merge that the platform made of the head; where the head left the base; the base as it is.
    """
    if given:
        return repository.commit(given)
    if not repository.knows(at):
        return ""
    head = repository.commit(at)
    parents = repository.parents(head)
    if len(parents) > 1 and request.head in parents[1:]:
        return parents[0] if repository.knows(parents[0]) else ""
    for name in (request.base, f"origin/{request.base_branch}", request.base_branch):
        if name and not name.endswith("/") and repository.knows(name):
            found = repository.commit(name)
            return repository.merge_base(found, head) or found
    return ""


def is_change(request: ChangeRequest) -> bool:
    """True when the run is for a change that is to be merged somewhere."""
    return bool(request.number) or request.event == "merge_group"


def edits_of(
    request: ChangeRequest, given: str, config: str, snapshot: str, folder: str = "."
) -> tuple[Edits | None, str]:
    """What the change edits, and why that could not be told. Raises UsageError for a base that was
    given and is not there."""
    if not (given or is_change(request)):
        return None, ""
    repository = Repository(folder)
    try:
        base = base_commit(repository, request, given)
        if not base:
            return None, (
                "edits of snapshot, rules and configuration are not shown: the base is not in "
                "this clone (GitHub: actions/checkout with fetch-depth: 2; GitLab: GIT_DEPTH: 0)"
            )
        options = ChangeOptions(
            revisions=f"{base}..HEAD", config=config, snapshot=snapshot, folder=folder
        )
        return change(options), ""
    except (UsageError, CannotRun) as error:
        if given:
            raise
        return (
            None,
            f"edits of snapshot and configuration are not shown: {one_line(str(error), 300)}",
        )


def edits_of_head(
    request: ChangeRequest, given: str, config: str, folder: str = "."
) -> Edits | None:
    """What the change request's own commits edit, for a job that did not make the result and has
    something else checked out: its objects are enough. None when the clone does not have them, or
    has no such configuration in any of them.

    Without a base that is given or known, what is checked out is taken for it: in a workflow that
    runs after another one that is the default branch.
    """
    repository = Repository(folder)
    try:
        if not request.head or not repository.knows(request.head):
            return None
        head = repository.commit(request.head)
        base = base_commit(repository, request, given, head) or "HEAD"
        if not given:
            # In a shallow clone there may be none; what the base has done since is not the change's.
            base = repository.merge_base(base, head)
        path = repository.path(config)
        if base in ("", head) or not any(repository.files(one, path) for one in (base, head)):
            return None
        return change(ChangeOptions(revisions=f"{base}..{head}", config=config, folder=folder))
    except (UsageError, CannotRun):
        if given:
            raise
        return None


def with_protected(
    text: str, path: str, env: Mapping[str, str], given: str = "", folder: str = "."
) -> ConfigFile:
    """The configuration in force: protected keys as the base has them.

    Raises UsageError when a key is protected and the base is not in the clone.
    """
    config = load(text, path)
    request = detect(env, event_text(env))
    keys = config.settings.gate.protect
    if not (keys or given or is_change(request)):
        return config
    repository = Repository(folder)
    try:
        base = base_commit(repository, request, given)
        if not base and keys and request.platform == "other" and repository.knows("origin/HEAD"):
            # On a developer's machine: what the remote calls its main branch.
            base = base_commit(repository, msgspec.structs.replace(request, base_branch="HEAD"), "")
        old = repository.text(base, repository.path(path)) if base else None
    except (UsageError, CannotRun) as error:
        if keys or given:
            raise
        del error
        return config
    if old is None:
        if keys and not base:
            raise UsageError(
                f"{config.place('gate', 'protect')}: these keys are taken from the base branch, "
                "which is not in this clone; fetch it (GitHub: actions/checkout with fetch-depth: "
                "2; GitLab: GIT_DEPTH: 0), or name it with --base"
            )
        # A configuration that is new has nothing to be held against.
        return _without_list(config)
    try:
        load(old, path)
    except UsageError:
        if keys:
            raise
        # A base that this ci-gate cannot read cannot have protected anything with it.
        return config
    return protected(text, old, name=path)


def relative(path: str, root: str) -> str:
    """`path` from `root`, with slashes; unchanged when it lies elsewhere."""
    if not root:
        return path
    found = os.path.relpath(os.path.realpath(path), os.path.realpath(root)).replace(os.sep, "/")
    return path if found == ".." or found.startswith("../") else found


def _without_list(config: ConfigFile) -> ConfigFile:
    gate = msgspec.structs.replace(config.settings.gate, protect=())
    settings = msgspec.structs.replace(config.settings, gate=gate)
    return ConfigFile(config.name, settings, config.document)
