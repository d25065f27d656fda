"""What README and docs say holds: configuration loads, commands and files exist, codes agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_gate.cli.main import cli
from ci_gate.codecs.registry import PROTOCOLS
from ci_gate.config.file import check_honoured, load
from ci_gate.net.trust import TrustFiles
from ci_gate.service.hooks import child_environment

TOP = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    path
    for path in sorted([*TOP.glob("*.md"), *TOP.glob("docs/*.md"), *TOP.glob("examples/*/*.md")])
    if path.name != "CHANGELOG.md"
]


def text(name: str) -> str:
    """A document."""
    return (TOP / name).read_text(encoding="utf-8")


def test_the_readmes_configuration_loads() -> None:
    """The README's ci-gate.yml is valid and asks for nothing that is not there yet."""
    blocks = re.findall(r"```yaml\n(.*?)```", text("README.md"), re.DOTALL)
    assert blocks
    for block in blocks:
        check_honoured(load(block))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link of a document leads to a file."""
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_commands_and_their_flags_exist(path: Path) -> None:
    """`ci-gate COMMAND --flag` in a document is a command with that flag."""
    runner = CliRunner()
    lines = re.findall(r"ci-gate ((?:[a-z]+)(?: [^`\n#]*)?)", path.read_text(encoding="utf-8"))
    for line in lines:
        name, *rest = line.split(" -- ")[0].split()
        if not any(part.startswith("--") for part in rest) and name not in cli.list_commands(None):
            continue  # prose: "ci-gate stops …"
        shown = runner.invoke(cli, [name, "--help"])
        assert shown.exit_code == 0, line
        flags = [part.partition("=")[0] for part in rest if part.startswith("--")]
        assert [flag for flag in flags if flag not in shown.output] == [], line


def test_make_targets_exist() -> None:
    """Every `make target` of the documents is a target of the Makefile."""
    makefile = text("Makefile")
    for path in DOCUMENTS:
        for target in re.findall(
            r"(?:^    |`)make ([a-z-]+)", path.read_text(encoding="utf-8"), re.M
        ):
            assert f"\n{target}:" in makefile, f"{path.name}: make {target}"


def test_the_table_of_clients_names_what_is_set() -> None:
    """Every variable that docs/clients.md names is one the service is started with."""
    trust = TrustFiles(bundle="roots.pem", ca="ours.pem", java_truststore="roots.jks")
    env = child_environment("http://127.0.0.1:1", trust, {})
    table = text("docs/clients.md").split("\n\n## ")[0]
    named = set(re.findall(r"`((?:[A-Z]+_)+[A-Z]+|https?_proxy)`", table))
    assert "SSL_CERT_FILE" in named
    assert sorted(named - set(env)) == []


def test_the_tutorial_names_what_is_there() -> None:
    """CONTRIBUTING's tutorial follows codecs/raw.py: every function it names is there."""
    tutorial = text("CONTRIBUTING.md").partition("## Tutorial")[2]
    source = text("ci_gate/codecs/raw.py")
    for name in ("key", "local", "miss", "fit", "places", "with_places", "route", "label", "facts"):
        assert f"`{name}`" in tutorial
        assert f"def {name}(" in source
    assert "raw" in PROTOCOLS
