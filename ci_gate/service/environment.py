"""Which of our environment the service under test may see. Pure.

The service runs the code of a pull request. What a CI platform puts into the environment for its
own use (tokens that can write to the repository, files through which a step speaks to the runner)
is taken away; what belongs to the user (STRIPE_TOKEN, AWS_ACCESS_KEY_ID, ...) is not touched,
because only the user knows whether the service needs it. So the list is exact, not `*TOKEN*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MARKER = "CI_GATE_RUN"
"""Variable by which the processes of a service are found again; its value is the run's id."""

CI_SECRETS = frozenset(
    {
        # GitHub Actions (and what its command line tool reads)
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "GH_ENTERPRISE_TOKEN",
        "GITHUB_ENTERPRISE_TOKEN",
        # GitLab CI; CI_REPOSITORY_URL has the job token in it
        "CI_JOB_TOKEN",
        "CI_JOB_JWT",
        "CI_JOB_JWT_V1",
        "CI_JOB_JWT_V2",
        "CI_BUILD_TOKEN",
        "CI_BUILD_REPO",
        "CI_REPOSITORY_URL",
        "CI_REGISTRY_PASSWORD",
        "CI_DEPLOY_PASSWORD",
        "CI_DEPENDENCY_PROXY_PASSWORD",
        "GITLAB_TOKEN",
        # Bitbucket Pipelines
        "BITBUCKET_STEP_OIDC_TOKEN",
        "BITBUCKET_TOKEN",
        "BITBUCKET_ACCESS_TOKEN",
        # Azure Pipelines
        "SYSTEM_ACCESSTOKEN",
        "SYSTEM_OIDCREQUESTURI",
        # CircleCI
        "CIRCLE_TOKEN",
        "CIRCLE_OIDC_TOKEN",
        "CIRCLE_OIDC_TOKEN_V2",
        # Buildkite
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "BUILDKITE_AGENT_TOKEN",
        # Drone and Woodpecker
        "CI_NETRC_PASSWORD",
        "DRONE_NETRC_PASSWORD",
        # Semaphore
        "SEMAPHORE_OIDC_TOKEN",
    }
)

CI_CHANNELS = frozenset(
    {
        # Files by which a step sets variables, outputs and the path of later steps
        "GITHUB_ENV",
        "GITHUB_OUTPUT",
        "GITHUB_PATH",
        "GITHUB_STATE",
        "GITHUB_STEP_SUMMARY",
    }
)

_PREFIXES = (
    "ACTIONS_",  # the runner's own service: runtime and OIDC tokens, cache and artifact addresses
    "CI_GATE_",  # ours, CI_GATE_REDACTION_KEY among them
    "INPUT_GITHUB",  # inputs of an action, github-token by convention
)


def scrub(env: Mapping[str, str], keep: Iterable[str] = ()) -> dict[str, str]:
    """`env` without what CI platforms mean for themselves; names in `keep` (exact) stay."""
    kept = frozenset(keep)
    return {name: value for name, value in env.items() if name in kept or not is_ci_secret(name)}


def is_ci_secret(name: str) -> bool:
    """Whether a CI platform puts a credential or a way into its runner into this variable."""
    upper = name.upper()
    return (
        upper in CI_SECRETS
        or upper in CI_CHANNELS
        or upper.startswith(_PREFIXES)
        or (upper.startswith("INPUT_") and "TOKEN" in upper)
    )
