"""What the service may see of the CI's environment."""

from __future__ import annotations

import pytest

from ci_gate.service.environment import scrub

TAKEN = [
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_CACHE_URL",
    "INPUT_GITHUB-TOKEN",
    "INPUT_REPO-TOKEN",
    "GITHUB_ENV",
    "GITHUB_OUTPUT",
    "CI_JOB_TOKEN",
    "CI_REPOSITORY_URL",
    "CI_REGISTRY_PASSWORD",
    "BITBUCKET_STEP_OIDC_TOKEN",
    "SYSTEM_ACCESSTOKEN",
    "CIRCLE_OIDC_TOKEN_V2",
    "BUILDKITE_AGENT_ACCESS_TOKEN",
    "CI_GATE_REDACTION_KEY",
    "CI_GATE_RUN",
]
LEFT = [
    "STRIPE_TOKEN",
    "TOKEN",
    "DATABASE_TOKEN",
    "MY_GITHUB_TOKEN",
    "NPM_TOKEN",
    "AWS_SESSION_TOKEN",
    "GITHUB_SHA",
    "GITHUB_EVENT_PATH",
    "CI",
    "CI_COMMIT_SHA",
    "INPUT_VERSION",
    "PATH",
]


@pytest.mark.parametrize("name", TAKEN)
def test_taken(name: str) -> None:
    """What a CI platform means for itself goes, unless it is listed."""
    env = {name: "secret", "PATH": "/bin"}
    assert scrub(env) == {"PATH": "/bin"}
    assert scrub(env, [name]) == env


@pytest.mark.parametrize("name", LEFT)
def test_left(name: str) -> None:
    """The user's own variables stay, whatever their names contain."""
    assert scrub({name: "x"}) == {name: "x"}


def test_the_mapping_is_not_changed() -> None:
    """The environment passed in stays as it was."""
    env = {"GITHUB_TOKEN": "x"}
    scrub(env)
    assert env == {"GITHUB_TOKEN": "x"}
