"""`init`: looks at a project's folder and proposes a ci-gate.yml for it."""

from __future__ import annotations

import os

import msgspec

from ci_gate.config.file import NAME, check_honoured, load
from ci_gate.config.mapping import parse_dependency
from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.detect.compose import read_compose
from ci_gate.gate.detect.findings import Command, Found, Guess, Proposal
from ci_gate.gate.detect.folder import read_folder
from ci_gate.gate.detect.guesses import guess_dependencies
from ci_gate.gate.detect.ports import find_port, reads_port_variable
from ci_gate.gate.detect.start import start_command
from ci_gate.gate.detect.template import render, safe_name
from ci_gate.gate.detect.variables import find_variables
from ci_gate.gate.events import Note, Sink, ignore

ATTRIBUTES = ".gitattributes"
FLAG = "given as a flag"


class InitOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Flags win over what is detected; empty means: detect."""

    folder: str = "."
    config: str = ""
    """The file to write; "" = ci-gate.yml in the folder."""
    name: str = ""
    command: tuple[str, ...] = ()
    shell: str = ""
    """A start command as a shell line."""
    port: int = 0
    ready: str = ""
    """Path of a readiness probe."""
    snapshot: str = ""
    dependencies: tuple[str, ...] = ()
    """"NAME=PROTO://HOST[:PORT]", in place of or beside detected ones."""
    compose: str = ""
    """Path of the compose file, relative to the folder."""
    force: bool = False
    write: bool = True


class InitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was proposed, and which files now hold it."""

    config: str
    text: str
    written: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """What could not be found out, with the flag that says it."""


def init(options: InitOptions, sink: Sink = ignore) -> InitSummary:
    """Propose and, with `write`, write. Raises UsageError for a file that is there (without
    `force`) and CannotRun when it cannot be written."""
    path = options.config or os.path.join(options.folder, NAME)
    path = path.removeprefix("./")
    if options.write and not options.force and os.path.lexists(path):
        raise UsageError(f"{path} is there already; --force replaces it, --print only shows")
    if not os.path.isdir(options.folder):
        raise UsageError(f"{options.folder}: there is no such folder")
    proposal = propose(options)
    text = render(proposal)
    check_honoured(load(text, path))
    written = _write_all(path, text, proposal, options) if options.write else ()
    missing = tuple(_missing(proposal))
    for one in missing:
        sink(Note(one, "warning"))
    return InitSummary(config=path, text=text, written=written, missing=missing)


def propose(options: InitOptions) -> Proposal:
    """What the folder and the flags say, and where each part was found."""
    texts = read_folder(options.folder, options.compose)
    folder_name = os.path.basename(os.path.abspath(options.folder))
    compose = read_compose(texts, options.compose, folder_name)
    if options.compose and compose is None:
        raise UsageError(f"--compose {options.compose}: not a compose file in {options.folder}")
    variables = find_variables(texts, compose)
    command = _given_command(options) or start_command(texts, compose)
    port = find_port(texts, variables, command, compose)
    if options.port:
        port = Found(str(options.port), FLAG)
    name = options.name or safe_name(folder_name)
    guesses = {
        guess.name: guess
        for guess in guess_dependencies(variables, compose, int(port.value) if port else 0)
    }
    for given in options.dependencies:
        one = _given_dependency(given, guesses)
        guesses[one.name] = one
    return Proposal(
        name=name,
        snapshot=options.snapshot or f"snapshots/{name}",
        command=command,
        port=port,
        port_variable=reads_port_variable(texts, command),
        ready=options.ready,
        dependencies=tuple(guesses[one] for one in sorted(guesses)),
    )


def _given_command(options: InitOptions) -> Command | None:
    if options.command and options.shell:
        raise UsageError("--command and a command after -- exclude each other")
    if options.shell:
        return Command((options.shell,), FLAG, shell=True)
    return Command(options.command, "given after --") if options.command else None


def _given_dependency(text: str, guesses: dict[str, Guess]) -> Guess:
    upstream = parse_dependency(text)
    known = guesses.get(upstream.name)
    return Guess(
        name=upstream.name,
        protocol=upstream.protocol,
        upstream=upstream.address,
        env=known.env if known else (),
        source=FLAG,
    )


def _missing(proposal: Proposal) -> list[str]:
    missing = []
    if proposal.command is None:
        missing.append("how the service is started was not found: --command, or CMD after --")
    if proposal.port is None:
        missing.append("the port it listens on was not found: --port")
    return missing


def _write_all(path: str, text: str, proposal: Proposal, options: InitOptions) -> tuple[str, ...]:
    try:
        _write(path, text)
        attributes = os.path.join(options.folder, ATTRIBUTES).removeprefix("./")
        if _mark_generated(attributes, proposal.snapshot):
            return (path, attributes)
    except OSError as error:
        raise CannotRun(f"{error.filename or path}: cannot be written: {error.strerror}") from error
    return (path,)


def _mark_generated(path: str, snapshot: str) -> bool:
    """Add what is missing to .gitattributes; what is there stays."""
    folder = snapshot.rpartition("/")[0] or snapshot
    wanted = (
        f"{folder}/** linguist-generated=true",
        f"{folder}/**/bodies/** -text -diff",
    )
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            old = file.read()
    except FileNotFoundError:
        old = ""
    lines = [line for line in wanted if line not in old.splitlines()]
    if lines:
        start = old if not old or old.endswith("\n") else old + "\n"
        _write(path, start + "".join(f"{line}\n" for line in lines))
    return bool(lines)


def _write(path: str, text: str) -> None:
    """Write beside and rename, so that a full disk leaves what was there."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        os.replace(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)
