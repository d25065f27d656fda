"""`init --ci`: where its files go, what stays as it is, and who owns what the gate believes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.events import Event, Note
from ci_gate.gate.init import InitOptions
from ci_gate.gate.init_ci import CiOptions, init_ci

COMMIT = "a" * 40


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service in a folder of a repository, in which we stand."""
    folder = tmp_path / "services" / "shop"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (folder / "package.json").write_text('{"scripts": {"start": "node server.js"}}')
    (folder / "server.js").write_text("app.listen(3000)")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def options(**more: object) -> InitOptions:
    """For the service of `project`."""
    return InitOptions(folder="services/shop", **more)  # type: ignore[arg-type] # any of its fields


def test_github(project: Path) -> None:
    """Configuration, workflow at the repository's top, and lines for snapshots and rules."""
    made = init_ci(options(), CiOptions("github", f"acme/ci-gate@{COMMIT}", ("@acme/shop",)))
    assert made.written == (
        "services/shop/ci-gate.yml",
        "services/shop/.gitattributes",
        ".github/workflows/ci-gate-shop.yml",
        ".github/CODEOWNERS",
    )
    workflow = (project / ".github/workflows/ci-gate-shop.yml").read_text()
    assert f"uses: acme/ci-gate/host@{COMMIT}\n" in workflow
    assert "working_directory: services/shop\n" in workflow
    assert (project / ".github/CODEOWNERS").read_text().splitlines()[1:] == [
        "/services/shop/snapshots/ @acme/shop",
        "/services/shop/ci-gate.yml @acme/shop",
    ]


def test_gitlab(project: Path) -> None:
    """The job is a file of its own, which a new pipeline includes."""
    made = init_ci(options(), CiOptions("gitlab", owners=("@acme/shop",)))
    assert made.written[2:] == (
        ".gitlab/ci-gate-shop.yml",
        ".gitlab-ci.yml",
        ".gitlab/CODEOWNERS",
    )
    assert (project / ".gitlab-ci.yml").read_text() == (
        "include:\n  - local: /.gitlab/ci-gate-shop.yml\n"
    )


def test_existing_pipeline_stays(project: Path) -> None:
    """A pipeline that is there is not touched: what has to be added to it is said."""
    pipeline = project / ".gitlab-ci.yml"
    pipeline.write_text("test: {script: [x]}\n")
    said: list[Event] = []
    made = init_ci(options(), CiOptions("gitlab", owners=("@a",)), said.append)
    assert pipeline.read_text() == "test: {script: [x]}\n"
    wanted = "add `- local: /.gitlab/ci-gate-shop.yml` to what .gitlab-ci.yml includes"
    assert wanted in made.missing
    assert Note(wanted, "warning") in said
    pipeline.write_text("include: [{local: /.gitlab/ci-gate-shop.yml}]\n")
    made = init_ci(options(force=True), CiOptions("gitlab", owners=("@a",)))
    assert wanted not in made.missing


def test_existing_configuration_stays(project: Path) -> None:
    """The configuration is read, not replaced, also with --force; its snapshot is what is owned."""
    config = project / "services/shop/ci-gate.yml"
    text = (
        "version: 1\nsnapshot: recorded/shop\nservice: {name: cart, image: cart:test, port: 80}\n"
    )
    config.write_text(text)
    made = init_ci(options(force=True), CiOptions("github", owners=("@a",)))
    assert config.read_text() == text
    assert made.written == (".github/workflows/ci-gate-cart.yml", ".github/CODEOWNERS")
    assert "uses: OWNER/ci-gate@" in (project / made.written[0]).read_text()
    owners = (project / ".github/CODEOWNERS").read_text()
    assert "/services/shop/recorded/shop/ @a\n" in owners


def test_nothing_is_written_when_refused(project: Path) -> None:
    """A workflow that is there is left alone, and so is everything else."""
    workflow = project / ".github/workflows/ci-gate-shop.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("mine")
    with pytest.raises(UsageError, match=r"^\.github/workflows/ci-gate-shop\.yml is there"):
        init_ci(options(), CiOptions("github"))
    assert workflow.read_text() == "mine"
    assert not (project / "services/shop/ci-gate.yml").exists()
    shown = init_ci(options(write=False), CiOptions("github"))
    assert shown.written == ()
    assert "# .github/workflows/ci-gate-shop.yml\n" in shown.text
    assert workflow.read_text() == "mine"


def test_owners_of_everything(project: Path) -> None:
    """Without --owner those who own everything own it; what is there stays, twice adds nothing."""
    path = project / "CODEOWNERS"
    path.write_text("* @acme/all\n/docs @writers")
    init_ci(options(), CiOptions("github"))
    text = path.read_text()
    assert text.startswith("* @acme/all\n/docs @writers\n#")
    assert text.endswith(
        "/services/shop/snapshots/ @acme/all\n/services/shop/ci-gate.yml @acme/all\n"
    )
    made = init_ci(options(force=True), CiOptions("github"))
    assert path.read_text() == text
    assert "CODEOWNERS" not in made.written


def test_owners_unknown(project: Path) -> None:
    """Where nobody is known the lines are there as comments, once, and the flag is named."""
    for _ in range(2):
        made = init_ci(options(force=True), CiOptions("github"))
        assert any("--owner" in one for one in made.missing)
    lines = (project / ".github/CODEOWNERS").read_text().splitlines()
    assert lines[1:] == [
        "# /services/shop/snapshots/ @OWNER",
        "# /services/shop/ci-gate.yml @OWNER",
    ]


@pytest.mark.parametrize(
    "ci",
    [
        CiOptions("github", "acme/ci-gate"),
        CiOptions("github", "acme/ci-gate@v1\n      - run: id"),
        CiOptions("github", "acme/ci-gate@${{ github.ref }}"),
        CiOptions("gitlab", "x/y/gate"),
        CiOptions("gitlab", "x/y/gate@1.0.0\ninclude: x"),
        CiOptions("github", owners=("acme",)),
        CiOptions("github", owners=("@a\n* @evil",)),
    ],
)
def test_flags_that_cannot_be_meant(project: Path, ci: CiOptions) -> None:
    """A flag that would not stay one value in the file is refused before anything is written."""
    with pytest.raises(UsageError, match=r"--(uses|owner)"):
        init_ci(options(), ci)
    assert not (project / ".github").exists()


def test_folders_that_cannot_stand_in_a_workflow(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder whose name is an expression would be evaluated by the platform, so it is refused."""
    bad = project / "${{ github.token }}"
    bad.mkdir()
    monkeypatch.chdir(bad)
    with pytest.raises(UsageError, match="rename it"):
        init_ci(InitOptions(name="shop", command=("./x",), port=1), CiOptions("github"))


def test_spaces_in_folders(project: Path) -> None:
    """A space in a pattern of CODEOWNERS is escaped, and found again."""
    folder = project / "my shop"
    folder.mkdir()
    some = InitOptions(folder="my shop", name="shop", command=("./x",), port=1, force=True)
    for _ in range(2):
        init_ci(some, CiOptions("github", owners=("@a",)))
    text = (project / ".github/CODEOWNERS").read_text()
    assert text.count("/my\\ shop/snapshots/ @a\n") == 1


def test_unreadable_configuration(project: Path) -> None:
    """A broken configuration is named with its line, and nothing is written."""
    (project / "services/shop/ci-gate.yml").write_text("version: 1\nservise: {}\n")
    with pytest.raises(UsageError, match=r"ci-gate\.yml:2"):
        init_ci(options(), CiOptions("github"))
    with pytest.raises(UsageError, match="no such folder"):
        init_ci(InitOptions(folder="nowhere"), CiOptions("github"))
