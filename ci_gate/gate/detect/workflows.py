"""The text of a workflow for GitHub and of a job for GitLab. Pure."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Literal

import msgspec

Ci = Literal["github", "gitlab"]

ACTION = "OWNER/ci-gate@0000000000000000000000000000000000000000"
COMPONENT = "$CI_SERVER_FQDN/GROUP/ci-gate/gate@1.0.0"
"""Where ci-gate is kept is the user's to say; until then these stand in for it."""

CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2"
"""By commit, with the version beside it."""

PREPARE = (
    ("package-lock.json", "npm ci"),
    ("package.json", "npm install"),
    ("requirements.txt", "python3 -m pip install -r requirements.txt"),
    ("go.mod", "go build ./..."),
    ("pom.xml", "mvn --batch-mode --quiet package -DskipTests"),
    ("Gemfile", "bundle install"),
)
"""File of a project -> what its service needs before it can start."""


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
_WORDS = frozenset({"true", "false", "null", "on", "off", "yes", "no", "y", "n"})
"""What YAML does not read as text."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a job of the gate has to know of the project."""

    service: str
    folder: str = ""
    """The project's folder from the top of the repository; "" is the top."""
    image: bool = False
    """Whether the service is started from an image rather than by a command."""
    prepare: str = ""
    """A shell line, or ""."""
    uses: str = ""
    """OWNER/ci-gate@COMMIT, or a component's PATH@VERSION; "" = a stand-in."""


def preparation(names: Container[str]) -> str:
    """The line for the first known file of a project; "" when there is none."""
    return next((line for name, line in PREPARE if name in names), "")


def github_workflow(job: Job) -> str:
    """.github/workflows/ci-gate.yml."""
    lines = [
        "# The gate on every pull request: require the check "
        f'"{_check_name(job)}" in the branch\'s rules.',
        f"name: {_quoted(_check_name(job))}",
        "on:",
        "  pull_request:",
        "  merge_group: # without it a merge queue waits for ever",
        "",
        "permissions: {}",
        "",
        "concurrency:",
        f"  group: {_check_name(job)}-${{{{ github.event.pull_request.number || github.ref }}}}",
        "  cancel-in-progress: ${{ github.event_name == 'pull_request' }}",
        "",
        "jobs:",
        "  gate:",
        f"    name: {_quoted(_check_name(job))}",
        "    runs-on: ubuntu-24.04",
        "    timeout-minutes: 15",
        "    permissions:",
        "      contents: read",
        "      pull-requests: write # the comment; on a fork's pull request the job summary has it",
        "    steps:",
        f"      - uses: {CHECKOUT}",
        "        with:",
        "          fetch-depth: 0 # the base, to show what a change does to snapshot and rules",
        "          persist-credentials: false",
        *_prepared(job),
        f"      - uses: {_action(job)}",
        *([] if not job.folder else ["        with:", *_inputs(job, "          ")]),
        "      - if: always()",
        f"        uses: {UPLOAD}",
        "        with:",
        f"          name: {_quoted(_check_name(job))}",
        f"          path: {_quoted(_below(job, '.ci-gate/runs'))}",
        "          include-hidden-files: true",
        "          if-no-files-found: ignore",
    ]
    return "\n".join(lines) + "\n"


def gitlab_job(job: Job) -> str:
    """.gitlab/ci-gate.yml."""
    lines = [
        "# The gate in merge request pipelines: it blocks the merge where the project's setting",
        '# "Pipelines must succeed" is on. For the comment, keep a project access token with the',
        "# scope api in the masked variable CI_GATE_TOKEN.",
        "include:",
        f"  - component: {job.uses or COMPONENT}",
        "    inputs:",
        f"      job: {_quoted(_check_name(job))}",
        "      # The service's own toolchain. An image without ci-gate in it needs bundle_url, too.",
        "      image: ci-gate",
        *_inputs(job, "      "),
    ]
    if job.prepare:
        lines += [
            "",
            f"{_quoted(_check_name(job))}:",
            "  before_script:",
            f"    - {_quoted(_in_folder(job))}",
        ]
    return "\n".join(lines) + "\n"


def _check_name(job: Job) -> str:
    return f"ci-gate-{job.service}" if job.folder else "ci-gate"


def _action(job: Job) -> str:
    """Services that are a command run on the runner, images beside the container action."""
    name, _, commit = (job.uses or ACTION).partition("@")
    name = name.removesuffix("/host") if job.image else f"{name.removesuffix('/host')}/host"
    stand_in = "" if job.uses else " # the commit of the release that you trust"
    return f"{name}@{commit}{stand_in}"


def _prepared(job: Job) -> list[str]:
    if not job.prepare:
        return ["      # Here goes what the service needs before it can start, such as `npm ci`."]
    folder = [f"        working-directory: {_quoted(job.folder)}"] if job.folder else []
    return [f"      - run: {job.prepare}", *folder]


def _inputs(job: Job, indent: str) -> list[str]:
    if not job.folder:
        return []
    values = {"working_directory": job.folder, "key": job.service}
    return [f"{indent}{name}: {_quoted(value)}" for name, value in values.items()]


def _in_folder(job: Job) -> str:
    quoted = "'" + job.folder.replace("'", "'\\''") + "'"
    return f"cd {quoted} && {job.prepare} && cd - >/dev/null" if job.folder else job.prepare


def _below(job: Job, path: str) -> str:
    return f"{job.folder}/{path}" if job.folder else path


def _quoted(text: str) -> str:
    """A YAML scalar: plain where that is safe."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else msgspec.json.encode(text).decode()
