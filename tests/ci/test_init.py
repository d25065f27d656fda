"""What `init --ci` writes is accepted by the platforms' schemas and by zizmor."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.gate.detect.workflows import Job, github_workflow, gitlab_job
from tests.ci.tools import checked, program

JOBS = [
    Job(service="shop"),
    Job(service="shop", folder="services/a b", prepare="npm ci", uses=f"acme/ci-gate@{'a' * 40}"),
    Job(service="shop", image=True),
]


@pytest.mark.parametrize("job", JOBS)
def test_github(job: Job, tmp_path: Path) -> None:
    """No unknown key, nothing dangerous, everything pinned."""
    path = tmp_path / ".github" / "workflows" / "ci-gate.yml"
    path.parent.mkdir(parents=True)
    path.write_text(github_workflow(job))
    schema = [program("check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    checked([*schema, str(path)])
    checked([program("action-validator"), str(path)])
    checked([program("zizmor"), "--offline", "--no-config", "--min-severity", "medium", str(path)])


@pytest.mark.parametrize("job", JOBS)
def test_gitlab(job: Job, tmp_path: Path) -> None:
    """GitLab's schema knows every key."""
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(gitlab_job(job))
    checked([program("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(path)])
