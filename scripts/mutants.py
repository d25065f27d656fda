"""Real mutants: the code of an example's service is changed in one place at a time, and each change
is gated with the real command. usage: scripts/mutants.py --help

A mutant is *caught* when the gate fails, *not exercised* when the recorded requests never come by
its place, *equivalent* when a person has written down why nobody could see it, else *missed*. The
service is also gated unchanged, and written anew by the mutator without any change: both must pass.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml
from mutating import Module, Mutant
from tabulate import tabulate

TOP = Path(__file__).resolve().parent.parent
NOTES = "mutants.json"
SHORT: dict[str, Any] = {"service": {"ready": {"timeout": "6s"}}, "replay": {"timeout": "3s"}}
"""What of the configuration is set, so that a mutant that hangs does not take minutes."""
LONGEST = 300.0
"""Seconds for one gate."""
NO_VERDICT = "exit code"
"""How the text of a gate that neither passed nor failed begins."""
STATES = ("caught", "missed", "equivalent", "not exercised")


@dataclass(frozen=True)
class Service:
    """An example: its folder, the package that is mutated, and what is known of its mutants."""

    folder: Path
    package: Path
    files: str = "**/*.py"
    """Which of its files are mutated."""
    leave: tuple[str, ...] = ()
    equivalent: dict[str, str] = field(default_factory=dict)
    """Id of a mutant -> why nobody could see it."""
    explained: dict[str, str] = field(default_factory=dict)
    """Id of a mutant -> why it is missed."""
    unrecorded: dict[str, str] = field(default_factory=dict)
    """Id of a mutant -> what comes by it that is no recorded request: the readiness probe."""

    @property
    def inside(self) -> bool:
        """The package lies in the folder; else it comes first in PYTHONPATH."""
        return self.folder in self.package.parents


@dataclass(frozen=True)
class Judged:
    """One mutant and what became of it."""

    id: str
    file: str
    line: int
    change: str
    was: str
    now: str
    state: str
    by: str = ""
    """First cause; for what is not caught, why."""


def read_service(folder: Path, package: str, files: str = "") -> Service:
    """The example in `folder`. `package` is a folder in it, any other folder, or the name of what
    is installed beside us."""
    found = folder / NOTES
    notes: dict[str, Any] = json.loads(found.read_text(encoding="utf-8")) if found.is_file() else {}
    name = package or notes.get("package", folder.name)
    where = (folder / name).resolve()
    if not where.is_dir():
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        if spec is None or not spec.origin:
            sys.exit(f"mutants: there is no package {name}: name it, or its folder, with --package")
        where = Path(spec.origin).resolve().parent
    return Service(
        folder=folder.resolve(),
        package=where,
        files=files or notes.get("files", "**/*.py"),
        leave=tuple(notes.get("leave", ())),
        equivalent=notes.get("equivalent", {}),
        explained=notes.get("explained", {}),
        unrecorded=notes.get("unrecorded", {}),
    )


class Copy:
    """A copy of the example in a folder of its own, in which files are changed and gated."""

    def __init__(self, service: Service, work: Path) -> None:
        self._service = service
        # As deep as it is, for configurations that say ../../.venv.
        inside = TOP in service.folder.parents
        self.folder = work / (service.folder.relative_to(TOP) if inside else service.folder.name)
        hidden = shutil.ignore_patterns(".*", "__pycache__")
        shutil.copytree(service.folder, self.folder, ignore=hidden)
        (work / ".venv").symlink_to(TOP / ".venv")
        self.package = (
            self.folder / service.package.relative_to(service.folder)
            if service.inside
            else work / "path" / service.package.name
        )
        if not service.inside:
            shutil.copytree(service.package, self.package, ignore=hidden)
        config = self.folder / "ci-gate.yml"
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
        for section, values in SHORT.items():
            settings[section] = merged(settings.get(section, {}), values)
        config.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")

    def gate(self) -> tuple[int, str]:
        """`ci-gate run`: exit code and first cause."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        env = {**os.environ, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        env["PYTHONPATH"] = str(TOP)
        if not self._service.inside:
            env["PYTHONPATH"] = f"{self.package.parent}{os.pathsep}{TOP}"
        command = [sys.executable, "-m", "ci_gate", "run", "--quiet", "--out", str(out)]
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=LONGEST,
            check=False,
        )  # fmt: skip
        path = out / "result.json"
        if not path.is_file():
            return done.returncode, done.stderr.strip().rpartition("\n")[2]
        result = json.loads(path.read_text(encoding="utf-8"))
        causes = [one["title"] for one in result["causes"] if not one.get("notice")]
        return done.returncode, (causes or result["verdict"].get("reasons") or [""])[0]


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`old` with the values of `new`, section by section."""
    both = {key: merged(old[key], new[key]) for key in new if isinstance(old.get(key), dict)}
    return {**old, **new, **both}


def is_benign(copy: Copy, modules: dict[str, Module], runs: int) -> bool:
    """The service as it is, and as the mutator writes it, passes."""
    for number in range(runs):
        code, said = copy.gate()
        if code:
            print(f"mutants: run {number + 1} of the unchanged service: {said}")
            return False
    for name, module in modules.items():
        (copy.package / name).write_text(module.unchanged(), encoding="utf-8")
    code, said = copy.gate()
    if code:
        print(f"mutants: the unchanged service, written anew: {said}")
    return not code


def exercised(copy: Copy, modules: dict[str, Module], path: Path) -> set[tuple[str, int]]:
    """(file, mutant) of every place that one run comes by."""
    path.touch()
    for name, module in modules.items():
        text = module.instrumented(str(path), name)
        (copy.package / name).write_text(text, encoding="utf-8")
    code, said = copy.gate()
    if code:
        print(f"mutants: with its places marked, the service does not pass: {said}")
    lines = path.read_text(encoding="utf-8").splitlines()
    return {(name, int(number)) for name, _, number in (one.rpartition(" ") for one in lines)}


class Gates:
    """Copies, one for each job, and the mutants gated in them. `rows`: a file that gets each as it
    is judged; what it has already is not gated again."""

    def __init__(
        self, service: Service, modules: dict[str, Module], work: Path, rows: str = ""
    ) -> None:
        self._service = service
        self._modules = modules
        self._work = work
        self._rows = Path(rows) if rows else None
        self._known = read_rows(self._rows) if self._rows else {}
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._copies = 0
        self.done = 0

    def copy(self) -> Copy:
        """This thread's."""
        found: Copy | None = getattr(self._mine, "copy", None)
        if found is None:
            with self._lock:
                self._copies += 1
                number = self._copies
            found = self._mine.copy = Copy(self._service, self._work / f"job{number}")
        return found

    def judge(self, name: str, mutant: Mutant) -> Judged:
        """Gate one mutant, unless it was before."""
        before = self._known.get(identity(name, mutant))
        if before is not None:
            return self._judged(name, mutant, before.state == "caught", before.by)
        copy = self.copy()
        original = (self._service.package / name).read_text(encoding="utf-8")
        with self._lock:  # a mutant stands in the module's one tree while its text is made
            text = self._modules[name].source(mutant.number)
        (copy.package / name).write_text(text, "utf-8")
        try:
            code, said = copy.gate()
        except subprocess.TimeoutExpired:
            code, said = 1, f"no end within {LONGEST:.0f} s"
        finally:
            (copy.package / name).write_text(original, encoding="utf-8")
        said = said if code == 1 else "" if code == 0 else f"{NO_VERDICT} {code}: {said}"
        found = self._judged(name, mutant, code == 1, said)
        with self._lock:
            self._write(as_judged(name, mutant, "caught" if code == 1 else "missed", said))
            self.done += 1
            if self.done % 25 == 0:
                print(f"mutants: {self.done} gated", file=sys.stderr, flush=True)
        return found

    def _write(self, one: Judged) -> None:
        """As the gate said it: what people say of it is read anew each time."""
        if self._rows is not None:
            with self._rows.open("a", encoding="utf-8") as file:
                print(json.dumps(asdict(one)), file=file)

    def _judged(self, name: str, mutant: Mutant, caught: bool, said: str) -> Judged:
        made = identity(name, mutant)
        passed = not caught and not said.startswith(NO_VERDICT)
        if caught:
            state = "caught"
        elif passed and made in self._service.unrecorded:
            state, said = "not exercised", self._service.unrecorded[made]
        elif passed and made in self._service.equivalent:
            state, said = "equivalent", self._service.equivalent[made]
        else:
            state, said = "missed", self._service.explained.get(made, said)
        return as_judged(name, mutant, state, said)


def read_rows(path: Path) -> dict[str, Judged]:
    """The mutants of such a file by their ids; a last line that was cut short is left out."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
    return {one.id: one for one in (Judged(**json.loads(line)) for line in lines)}


def identity(name: str, mutant: Mutant) -> str:
    """Stays the same while the statement does."""
    text = f"{name}\n{mutant.change}\n{mutant.was}\n{mutant.now}\n{mutant.turn}"
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def as_judged(name: str, mutant: Mutant, state: str, by: str = "") -> Judged:
    """One row."""
    return Judged(
        id=identity(name, mutant),
        file=name,
        line=mutant.line,
        change=mutant.change,
        was=mutant.was,
        now=mutant.now,
        state=state,
        by=by,
    )


def judge_all(service: Service, given: argparse.Namespace) -> list[Judged]:
    """Every mutant, or a sample of those that are exercised, or those that were missed before."""
    modules = {
        str(path.relative_to(service.package)): Module(
            path.read_text(encoding="utf-8"), service.leave
        )
        for path in sorted(service.package.glob(service.files))
    }
    with tempfile.TemporaryDirectory(prefix="ci-gate-mutants-") as name:
        work = Path(name)
        if not is_benign(Copy(service, work / "benign"), modules, given.runs):
            sys.exit("mutants: a false alarm; nothing is proved")
        come_by = exercised(Copy(service, work / "exercised"), modules, work / "places")
        every = [(name, one) for name, module in modules.items() for one in module.mutants]
        chosen = [(name, one) for name, one in every if (name, one.number) in come_by]
        if given.again:
            before = json.loads(Path(given.again).read_text(encoding="utf-8"))
            ids = {one["id"] for one in before if one["state"] == "missed"}
            chosen = [one for one in chosen if identity(*one) in ids]
        if 0 < given.sample < len(chosen):
            sample = random.Random(given.seed).sample(chosen, given.sample)
            chosen = sorted(sample, key=every.index)
        gates = Gates(service, modules, work, given.resume)
        with ThreadPoolExecutor(given.jobs) as pool:
            found = list(pool.map(lambda one: gates.judge(*one), chosen))
    passed_by = [
        as_judged(name, one, "not exercised")
        for name, one in every
        if (name, one.number) not in come_by
    ]
    return found + passed_by


def score(found: Sequence[Judged]) -> float:
    """Caught, of those that are exercised and not equivalent."""
    count = Counter(one.state for one in found)
    return count["caught"] / max(1, count["caught"] + count["missed"])


def table(found: Sequence[Judged]) -> str:
    """Counts by file, as a Markdown table."""
    files = dict.fromkeys(one.file for one in found)
    rows = [[f"`{name}`", *_counts([one for one in found if one.file == name])] for name in files]
    rows.append(["all", *_counts(found)])
    return tabulate(rows, headers=["file", *STATES], tablefmt="github")


def _counts(found: Sequence[Judged]) -> list[int]:
    count = Counter(one.state for one in found)
    return [count[state] for state in STATES]


def listed(found: Sequence[Judged], state: str) -> str:
    """The mutants of one state, as a Markdown table."""
    rows = [
        [
            f"`{one.file}`:{one.line}",
            _code(*_focused(one.was, one.now)),
            one.by or "**not explained**",
        ]
        for one in found
        if one.state == state
    ]
    return tabulate(rows, headers=["where", "change", "why"], tablefmt="github")


def _code(was: str, now: str) -> str:
    return f"`{was}` → `{now}`".replace("|", "\\|")


def _focused(was: str, now: str, width: int = 60) -> tuple[str, str]:
    """Both texts, cut around where they differ."""
    same = next(
        (at for at, (one, other) in enumerate(zip(was, now, strict=False)) if one != other), 0
    )
    start = max(0, same - width // 3)
    return _cut(was, start, width), _cut(now, start, width)


def _cut(text: str, start: int, width: int) -> str:
    ends = "…" if start else "", "…" if len(text) > start + width else ""
    return ends[0] + text[start : start + width] + ends[1]


def main() -> int:
    """Judge, tell, and fail below the share that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default="examples/orders", help="folder of ci-gate.yml")
    parser.add_argument("--package", default="", help="what is mutated: a folder, or a name")
    parser.add_argument("--files", default="", help="which of its files, such as 'core.py'")
    parser.add_argument("--sample", type=int, default=0, help="so many exercised mutants only")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--again", default="", help="only what a file of --json says was missed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--runs", type=int, default=3, help="of the unchanged service")
    parser.add_argument("--min", type=float, default=0.95, dest="minimum")
    parser.add_argument("--json", dest="written", default="", help="write every mutant to a file")
    parser.add_argument("--resume", default="", help="keep what FILE has, append what is judged")
    given = parser.parse_args()
    began = time.monotonic()
    service = read_service((TOP / given.service).resolve(), given.package, given.files)
    found = judge_all(service, given)
    if given.written:
        text = json.dumps([asdict(one) for one in found], indent=1)
        Path(given.written).write_text(text + "\n", encoding="utf-8")
    print(table(found))
    for state in ("missed", "equivalent"):
        if any(one.state == state for one in found):
            print(f"\n### {state.capitalize()}\n\n{listed(found, state)}")
    reached = score(found)
    print(f"\n{reached:.1%} of the exercised, not equivalent mutants are caught", end="")
    print(f" ({time.monotonic() - began:.0f} s)")
    return 0 if reached >= given.minimum else 1


if __name__ == "__main__":
    sys.exit(main())
