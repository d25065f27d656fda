"""`init --ci`: the workflow that runs the gate, and owners for what it believes."""

from __future__ import annotations

import os
import re

import msgspec

from ci_gate.config.file import NAME, load
from ci_gate.errors import UsageError
from ci_gate.gate.detect.workflows import Ci, Job, github_workflow, gitlab_job, preparation
from ci_gate.gate.events import Note, Sink, ignore
from ci_gate.gate.init import InitOptions, InitSummary, init
from ci_gate.store.files import make_folder, read_or_none, write_file

OWNERS = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
}
"""Where a forge looks, in its order."""
NEW_OWNERS = {"github": ".github/CODEOWNERS", "gitlab": ".gitlab/CODEOWNERS"}
PIPELINE = ".gitlab-ci.yml"

_ACTION = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(?:/host)?@[A-Za-z0-9][\w./-]*", re.ASCII)
_COMPONENT = re.compile(r"[A-Za-z0-9$][\w$.:/-]*@[A-Za-z0-9~$][\w.$~-]*", re.ASCII)
_FOLDER = re.compile(r"[\w. +@/-]*")
_WORDS = re.compile(r"(?<!\\)\s+")
_OWNER = re.compile(r"@[\w.-]+(?:/[\w.-]+)*|[\w.+-]+@[\w.-]+", re.ASCII)


class CiOptions(msgspec.Struct, frozen=True):
    """For which platform, and what cannot be seen in the project."""

    ci: Ci
    uses: str = ""
    """Where ci-gate is: OWNER/ci-gate@COMMIT, or a component's PATH@VERSION."""
    owners: tuple[str, ...] = ()
    """Who has to accept changes of snapshot and rules; () = who owns everything."""


File = tuple[str, str]
"""Path, and the whole text it is to have."""


def init_ci(options: InitOptions, ci: CiOptions, sink: Sink = ignore) -> InitSummary:
    """Make the workflow, the owners' lines and, where there is none, the configuration; with
    `options.write`, write them. A configuration that is there stays, also with `force`.

    Raises UsageError for flags that cannot be meant, for an unreadable configuration and for a
    workflow that is there (without `force`), CannotRun when a file cannot be written.
    """
    _check(options.folder, ci)
    path = (options.config or os.path.join(options.folder, NAME)).removeprefix("./")
    there = os.path.lexists(path)
    proposed = None if there else init(msgspec.structs.replace(options, write=False))
    text = _read(path) if proposed is None else proposed.text
    files, missing = _files(options, ci, path, text)
    # Nothing is written before everything that can be refused has been looked at.
    made = init(options, sink) if proposed is not None else InitSummary(config=path, text="")
    if options.write:
        for name, content in files:
            make_folder(os.path.dirname(name) or ".")
            write_file(name, content.encode("utf-8", "surrogateescape"))
    for one in missing:
        sink(Note(one, "warning"))
    shown = [made.text, *(f"# {name}\n{content}" for name, content in files)]
    return InitSummary(
        config=path,
        text="\n".join(one for one in shown if one),
        written=(*made.written, *(name for name, _ in files)) if options.write else (),
        missing=(*made.missing, *missing),
    )


def _files(
    options: InitOptions, ci: CiOptions, path: str, text: str
) -> tuple[list[File], list[str]]:
    """What is to be written, and what is still the user's to do."""
    config = load(text, path).settings
    top = _top(options.folder)
    folder = os.path.relpath(os.path.abspath(options.folder), top).replace(os.sep, "/")
    folder = "" if folder == "." else folder
    if not _FOLDER.fullmatch(folder) or folder.startswith("-"):
        raise UsageError(f"{folder}: such a folder's name cannot stand in a workflow; rename it")
    job = Job(
        service=config.service.name or os.path.basename(os.path.abspath(options.folder)),
        folder=folder,
        image=bool(config.service.image),
        prepare=preparation(set(os.listdir(options.folder))),
        uses=ci.uses,
    )
    missing = [] if ci.uses else ["where ci-gate is kept is not known: --uses names it"]
    files = _workflow(options, ci, top, job, missing)
    watched = _watched(folder, config.snapshot, os.path.relpath(os.path.abspath(path), top))
    files += _owned(ci, top, watched, missing)
    return [(os.path.relpath(name), content) for name, content in files], missing


def _check(folder: str, options: CiOptions) -> None:
    form = _ACTION if options.ci == "github" else _COMPONENT
    if options.uses and not form.fullmatch(options.uses):
        example = (
            "OWNER/ci-gate@COMMIT" if options.ci == "github" else "HOST/GROUP/ci-gate/gate@1.0.0"
        )
        raise UsageError(f"--uses {options.uses}: is of the form {example}")
    for owner in options.owners:
        if not _OWNER.fullmatch(owner):
            raise UsageError(f"--owner {owner}: is of the form @user, @group/team or user@host")
    if not os.path.isdir(folder):
        raise UsageError(f"{folder}: there is no such folder")


def _top(folder: str) -> str:
    """The repository's top folder; the folder itself where there is no repository."""
    start = os.path.abspath(folder)
    current = start
    while not os.path.lexists(os.path.join(current, ".git")):
        above = os.path.dirname(current)
        if above == current:
            return start
        current = above
    return current


def _read(path: str) -> str:
    data = read_or_none(path)
    if data is None:
        raise UsageError(f"{path}: cannot be read; `ci-gate init` writes it")
    return data.decode("utf-8", "surrogateescape")


def _workflow(
    options: InitOptions, ci: CiOptions, top: str, job: Job, missing: list[str]
) -> list[File]:
    name = f"ci-gate-{job.service}" if job.folder else "ci-gate"
    if ci.ci == "github":
        path = os.path.join(top, ".github", "workflows", f"{name}.yml")
        files = [(path, github_workflow(job))]
    else:
        job_file = f".gitlab/{name}.yml"
        path = os.path.join(top, job_file)
        files = [(path, gitlab_job(job))]
        pipeline = os.path.join(top, PIPELINE)
        old = read_or_none(pipeline)
        if old is None:
            files.append((pipeline, f"include:\n  - local: /{job_file}\n"))
        elif f"/{job_file}".encode() not in old:
            missing.append(f"add `- local: /{job_file}` to what {PIPELINE} includes")
    if options.write and not options.force and os.path.lexists(path):
        shown = os.path.relpath(path)
        raise UsageError(f"{shown} is there already; --force replaces it, --print only shows")
    return files


def _watched(folder: str, snapshot: str, config: str) -> list[str]:
    """Patterns of what decides about a verdict: the folder of the snapshots, the rules' file."""
    found = os.path.normpath(os.path.join(folder, snapshot or "snapshots")).replace(os.sep, "/")
    above = found.rpartition("/")[0]
    kept = above if above.rpartition("/")[2] == "snapshots" else found
    inside = [f"/{kept}/", "/" + config.replace(os.sep, "/")]
    return [one.replace(" ", "\\ ") for one in inside if not one.startswith("/..")]


def _owned(ci: CiOptions, top: str, patterns: list[str], missing: list[str]) -> list[File]:
    """CODEOWNERS with a line for each pattern; nothing when they are there."""
    found = [os.path.join(top, *name.split("/")) for name in OWNERS[ci.ci]]
    path = next((one for one in found if os.path.isfile(one)), "")
    old = _read(path) if path else ""
    lines = [_WORDS.split(line.strip("# \t")) for line in old.splitlines()]
    everything = next((words[1:] for words in reversed(lines) if words[0] == "*"), [])
    owners = " ".join(ci.owners or everything)
    if not owners:
        missing.append(
            "who accepts changes of snapshots and rules is not known: --owner names them"
        )
    there = {words[0] for words in lines}
    wanted = [one for one in patterns if one not in there]
    if not wanted:
        return []
    mark = "" if owners else "# "
    added = "".join(f"{mark}{one} {owners or '@OWNER'}\n" for one in wanted)
    gap = "" if not old or old.endswith("\n") else "\n"
    note = "# What the gate believes: who changes it changes what counts as a regression.\n"
    path = path or os.path.join(top, *NEW_OWNERS[ci.ci].split("/"))
    return [(path, f"{old}{gap}{note}{added}")]
