"""The workflow and the job that `init --ci` proposes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ci_gate.gate.detect.workflows import COMPONENT, Job, github_workflow, gitlab_job, preparation


def loaded(text: str) -> dict[str, Any]:
    """YAML, in which `on` stays a word."""
    document = yaml.load(text, Loader=yaml.BaseLoader)
    assert isinstance(document, dict)
    return document


def test_github_at_the_top() -> None:
    """One job, no inputs, the action for the runner itself."""
    document = loaded(github_workflow(Job(service="shop", prepare="npm ci")))
    assert document["permissions"] == {}
    assert set(document["on"]) == {"pull_request", "merge_group"}
    steps = document["jobs"]["gate"]["steps"]
    assert steps[1] == {"run": "npm ci"}
    assert steps[2]["uses"].startswith("OWNER/ci-gate/host@")
    assert "with" not in steps[2]


def test_github_below_the_top() -> None:
    """Folder and key are inputs; the commands run in the folder."""
    job = Job(service="shop", folder="a b/true", prepare="npm ci", uses="acme/ci-gate/host@v1")
    document = loaded(github_workflow(job))
    steps = document["jobs"]["gate"]["steps"]
    assert steps[1]["working-directory"] == "a b/true"
    assert steps[2]["uses"] == "acme/ci-gate/host@v1"
    assert steps[2]["with"] == {"working_directory": "a b/true", "key": "shop"}
    assert steps[3]["with"]["path"] == "a b/true/.ci-gate/runs"


def test_github_with_an_image() -> None:
    """A service from an image is started beside the container action."""
    for uses in ("acme/ci-gate@v1", "acme/ci-gate/host@v1"):
        document = loaded(github_workflow(Job(service="shop", image=True, uses=uses)))
        assert document["jobs"]["gate"]["steps"][1]["uses"] == "acme/ci-gate@v1"


def test_gitlab() -> None:
    """The component with its inputs, and what the service needs before."""
    document = loaded(gitlab_job(Job(service="shop")))
    (include,) = document["include"]
    assert include["component"] == COMPONENT
    assert include["inputs"] == {"job": "ci-gate", "image": "ci-gate"}
    job = Job(service="shop", folder="it's", prepare="npm ci", uses="x/gate@1.0.0")
    document = loaded(gitlab_job(job))
    assert document["include"][0]["component"] == "x/gate@1.0.0"
    assert document["include"][0]["inputs"]["working_directory"] == "it's"
    (line,) = document["ci-gate-shop"]["before_script"]
    assert line == "cd 'it'\\''s' && npm ci && cd - >/dev/null"


@pytest.mark.parametrize("folder", ["true", "no", "1e5", "a: b", "#x", "- x", "é"])
def test_names_stay_text(folder: str) -> None:
    """A name that YAML would read as something else is quoted."""
    document = yaml.safe_load(gitlab_job(Job(service="shop", folder=folder)))
    assert document["include"][0]["inputs"]["working_directory"] == folder


def test_preparation() -> None:
    """The most exact file decides; an unknown project gets nothing."""
    assert preparation({"package.json", "package-lock.json"}) == "npm ci"
    assert preparation({"go.mod", "README.md"}) == "go build ./..."
    assert preparation(set()) == ""
