"""`init`: what it writes, what it leaves alone, and that the file is good."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.config.file import load
from ci_gate.config.flags import Surroundings
from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.check import CheckOptions, check
from ci_gate.gate.events import Event, Note
from ci_gate.gate.init import InitOptions, init


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small Node service with a compose file."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "package.json").write_text('{"scripts": {"start": "node server.js"}}')
    (folder / "server.js").write_text("app.listen(process.env.PORT || 3000)")
    (folder / ".env").write_text(
        "PAYMENTS_URL=https://u:hunter2@api.payments.example/v1\nKEY=hunter2\n"
    )
    return folder


def test_the_written_file_passes_check(project: Path) -> None:
    """What init writes, check finds good, before the first recording."""
    summary = init(InitOptions(folder=str(project)))
    config = project / "ci-gate.yml"
    assert summary.written == (str(config), str(project / ".gitattributes"))
    assert "hunter2" not in config.read_text()
    around = Surroundings(
        config=load(config.read_text(), str(config)),
        folder=str(project),
        folder_name="shop",
        env={},
    )
    report = check(CheckOptions(around=around))
    assert not report.failed
    assert [one.text.split(": ")[1] for one in report.findings] == [
        "no snapshot yet; `ci-gate record` makes it"
    ]
    assert config.read_text() == summary.text


def test_flags_win(project: Path) -> None:
    """Everything that init would ask can be said."""
    (project / "stack.yml").write_text(
        "services: {shop: {build: ., environment: {MAIL_URL: http://m}}}"
    )
    options = InitOptions(
        folder=str(project),
        name="cart",
        command=("./run", "--x"),
        port=9000,
        ready="/up",
        snapshot="rec/cart",
        dependencies=("payments=http://localhost:1", "tax=https://tax.example"),
        compose="stack.yml",
        write=False,
    )
    settings = load(init(options).text).settings
    assert (settings.service.name, settings.service.command) == ("cart", ("./run", "--x"))
    assert (settings.service.port, settings.service.ready.path) == (9000, "/up")
    assert settings.snapshot == "rec/cart"
    assert {name: one.upstream for name, one in settings.dependencies.items()} == {
        "mail": "http://m",
        "payments": "http://localhost:1",
        "tax": "https://tax.example",
    }
    assert settings.service.env["PAYMENTS_URL"] == "${payments.url}/v1"
    assert not (project / "ci-gate.yml").exists()


def test_a_shell_line(project: Path) -> None:
    """A start command may be a shell line."""
    text = init(InitOptions(folder=str(project), shell="A=1 ./run", write=False)).text
    assert load(text).settings.service.command == "A=1 ./run"


def test_nothing_is_overwritten(project: Path) -> None:
    """A file that is there stays unless --force; .gitattributes keeps what it has."""
    config = project / "ci-gate.yml"
    config.write_text("mine")
    (project / ".gitattributes").write_text("*.png binary")
    with pytest.raises(UsageError, match="is there already; --force replaces it"):
        init(InitOptions(folder=str(project)))
    assert config.read_text() == "mine"
    assert (project / ".gitattributes").read_text() == "*.png binary"
    init(InitOptions(folder=str(project), force=True))
    assert config.read_text().startswith("# What ci-gate runs")
    attributes = (project / ".gitattributes").read_text()
    assert attributes.startswith("*.png binary\nsnapshots/** linguist-generated=true\n")
    summary = init(InitOptions(folder=str(project), force=True))
    assert summary.written == (str(config),)
    assert (project / ".gitattributes").read_text() == attributes


def test_what_was_not_found_is_said(tmp_path: Path) -> None:
    """An empty folder still gets a good file, and the flags that are missing are named."""
    said: list[Event] = []
    summary = init(InitOptions(folder=str(tmp_path)), said.append)
    assert [note.text for note in said if isinstance(note, Note)] == list(summary.missing)
    assert "--command" in summary.missing[0]
    assert "--port" in summary.missing[1]
    assert load(summary.text).settings.service.command == ()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"shell": "a", "command": ("b",)}, "exclude each other"),
        ({"compose": "none.yml"}, "--compose none.yml: not a compose file"),
        ({"dependencies": ("x",)}, "not a dependency"),
        ({"folder": "no/such/folder"}, "there is no such folder"),
    ],
)
def test_refusals(tmp_path: Path, options: dict[str, object], complaint: str) -> None:
    """Mistakes are named before anything is written."""
    with pytest.raises(UsageError, match=complaint):
        init(InitOptions(**{"folder": str(tmp_path), **options}))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(project: Path) -> None:
    """The environment's fault is an error of its own, and nothing half is left behind."""
    options = InitOptions(folder=str(project), config=str(project / "none" / "ci-gate.yml"))
    with pytest.raises(CannotRun, match="cannot be written"):
        init(options)
