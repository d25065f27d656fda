"""docs/ci.md speaks of what there is."""

from __future__ import annotations

import re

import yaml

from tests.ci.tools import TOP

TEXT = (TOP / "docs" / "ci.md").read_text(encoding="utf-8")


def test_links_lead_somewhere() -> None:
    """Every file that is linked is there, and every workflow to copy is linked."""
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    for link in links:
        assert (TOP / "docs" / link).is_file(), link
    for path in (TOP / "docs" / "workflows").iterdir():
        assert f"workflows/{path.name}" in links, path.name


def test_inputs_and_outputs_are_all_there() -> None:
    """Each input and output of the actions is explained, and no other."""
    about = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))
    table = re.findall(r"^\| (`[^|]*`) \|", TEXT[: TEXT.index("Outputs:")], re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", "".join(table))) == set(about["inputs"])
    outputs = TEXT[TEXT.index("Outputs:") : TEXT.index("## GitHub")]
    assert set(re.findall(r"`([\w-]+)`", outputs)) == set(about["outputs"])
