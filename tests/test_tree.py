"""What holds for the tree as a whole: sizes, mirrors, empty packages, nothing of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
STAGES = [
    "cli",
    "gate",
    "config",
    "recorder",
    "mocks",
    "replayer",
    "forge",
    "service",
    "net",
    "store",
    "report",
    "policy",
    "diff",
    "codecs",
    "correlation",
    "values",
    "model",
]
LONGEST = 400

LONG_FILES: dict[str, str] = {
    "tests/contracts/test_codecs.py": "one suite: what every codec promises",
    "tests/e2e/torture.py": "one catalogue of the shapes HTTP comes in",
    "tests/gate/test_run.py": "one subject: what passes the gate, and what must be red",
    "tests/replayer/test_client.py": "one subject: how requests are sent and answers taken",
    "tests/recorder/test_proxy.py": "one subject: what passes through the proxies",
    "tests/service/test_process.py": "one subject: how processes end",
}
"""Path -> why it is one subject all the same."""

WITHOUT_OWN_TEST: dict[str, str] = {
    "ci_gate/__main__.py": "one line; tests/e2e starts it",
    "ci_gate/errors.py": "classes without behaviour; tests/cli checks their exit codes",
    "ci_gate/gate/events.py": "frozen data",
    "ci_gate/gate/summary.py": "frozen data",
    "ci_gate/service/outcome.py": "frozen data",
    "ci_gate/store/formats/found.py": "frozen data",
}
"""Module -> what tests it instead. Frozen data (model/, options.py) has no behaviour to test."""

BY_THE_WHOLE = [
    "ci_gate/gate/recording/folding.py",
    "ci_gate/gate/judging/judged.py",
    "ci_gate/gate/recording/keeping.py",
    "ci_gate/gate/judging/reporting.py",
    "ci_gate/gate/serving/service.py",
    "ci_gate/service/tree.py",
]
"""Modules that so far only tests/contracts and tests/e2e exercise. This list may only shrink."""

MACHINE_PATHS = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:work|root|farm|home/[a-z]+)/")
REGISTRIES = re.compile(
    "|".join(
        (
            r"pypi\.(?:org|python\.org)",
            r"pythonhosted\.org",
            r"registry\.npmjs\.org",
            r"proxy\.golang\.org",
            r"repo\d?\.maven\.(?:org|apache\.org)",
            r"rubygems\.org",
            r"deb\.debian\.org",
        )
    )
)


def tracked() -> list[Path]:
    """Files that are committed or staged, relative to the top."""
    out = subprocess.run(
        ["git", "ls-files"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [Path(name) for name in out.splitlines() if (TOP / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    """Tracked files that are text."""
    for path in tracked():
        try:
            yield path, (TOP / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def without_own_test() -> list[str]:
    """Modules of ci_gate that have behaviour and no test file in the same place below tests/."""
    names = {str(path) for path in tracked()}
    return sorted(
        name
        for name in names
        if name.startswith("ci_gate/")
        and name.endswith(".py")
        and not name.startswith("ci_gate/model/")
        and not name.endswith(("/__init__.py", "/options.py"))
        and re.sub(r"^ci_gate/(.*?)([^/]+)$", r"tests/\1test_\2", name) not in names
    )


def test_files_are_short() -> None:
    """A source file has at most 400 lines unless it is named here with the reason."""
    long = {
        str(path) for path, text in texts() if path.suffix == ".py" and text.count("\n") > LONGEST
    }
    assert long == set(LONG_FILES)


def test_every_module_has_its_own_test() -> None:
    """ci_gate/x/y.py is tested by tests/x/test_y.py; the exceptions are a list that only shrinks."""
    assert set(without_own_test()) == {*WITHOUT_OWN_TEST, *BY_THE_WHOLE}


@pytest.mark.parametrize("stage", STAGES)
def test_stage_packages_are_empty(stage: str) -> None:
    """A stage's __init__ imports nothing, because indirect imports count."""
    assert (TOP / "ci_gate" / stage / "__init__.py").read_text(encoding="utf-8") == ""


def test_no_path_of_one_machine() -> None:
    """No tracked file names a folder that exists on one machine only."""
    found = [
        f"{path}: {match.group()}"
        for path, text in texts()
        if path != Path(__file__).relative_to(TOP) and (match := MACHINE_PATHS.search(text))
    ]
    assert found == []


def test_no_package_registry() -> None:
    """Where packages come from is the machine's business: no tracked file names a registry."""
    found = [
        f"{path}: {match.group()}"
        for path, text in texts()
        if path != Path(__file__).relative_to(TOP) and (match := REGISTRIES.search(text))
    ]
    assert found == []


def test_constraints_pin_and_nothing_else() -> None:
    """constraints.txt is name==version lines only: no hashes, no addresses, nothing loose."""
    lines = (TOP / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [
        line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.]+", line)
    ] == []


def test_every_test_says_what_it_proves() -> None:
    """Every test function has a docstring."""
    silent = []
    for path, text in texts():
        if path.suffix == ".py" and path.parts[0] == "tests":
            silent += [
                f"{path}:{node.lineno} {node.name}"
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and node.name.startswith("test_")
                and not ast.get_docstring(node)
            ]
    assert silent == []


def test_documents_stay_short() -> None:
    """ARCHITECTURE.md fits on a page: at most 60 lines."""
    assert len((TOP / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 60
