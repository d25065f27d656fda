"""Everything that a CI platform reads, checked by other people's tools and against each other."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.tools import ACTIONS, TOP, WORKFLOWS, checked, program

GITLAB_ONLY = {"job", "stage", "image", "bundle_url", "bundle_sha256", "advisory"}
"""Inputs about the job itself."""
GITHUB_ONLY = {"token", "check_run"}
"""GitLab shows an input's value to everybody, so its token is a masked variable."""


def loaded(name: str) -> dict[str, Any]:
    """One YAML file of ours."""
    document = yaml.safe_load((TOP / name).read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def component(name: str = "templates/gate.yml") -> tuple[dict[str, Any], dict[str, Any]]:
    """A component's inputs, and its jobs."""
    spec, jobs = yaml.safe_load_all((TOP / name).read_text(encoding="utf-8"))
    return spec["spec"]["inputs"], jobs


def test_both_actions_have_the_same_inputs_and_outputs() -> None:
    """Who moves from one action to the other changes one line."""
    container, host = loaded("action.yml"), loaded("host/action.yml")
    assert container["inputs"] == host["inputs"]
    described = {name: one["description"] for name, one in host["outputs"].items()}
    assert {name: one["description"] for name, one in container["outputs"].items()} == described
    assert container["branding"] == host["branding"]


def test_every_input_of_the_host_action_is_mapped() -> None:
    """A composite action gets its inputs by `env` only, and none is pasted into a script."""
    for name, prefix in (("host/action.yml", "INPUT_"), ("publish/action.yml", "CI_GATE_")):
        about = loaded(name)
        last = about["runs"]["steps"][-1]
        for one in about["inputs"]:
            assert last["env"][f"{prefix}{one.upper()}"] == f"${{{{ inputs.{one} }}}}"
        for output, value in about.get("outputs", {}).items():
            assert value["value"] == f"${{{{ steps.{last['id']}.outputs.{output} }}}}"
        for step in about["runs"]["steps"]:
            assert "${{" not in step["run"]


def test_inputs_are_names_that_every_shell_keeps() -> None:
    """Hyphens in a variable's name are dropped by some shells without a word."""
    for name in ACTIONS:
        assert all(re.fullmatch(r"[a-z][a-z_]*", one) for one in loaded(name)["inputs"])


def test_nothing_goes_through_arguments() -> None:
    """The container action passes no arguments and overrides no entrypoint, whose form is exec."""
    assert set(loaded("action.yml")["runs"]) == {"using", "image"}
    text = (TOP / "Dockerfile").read_text(encoding="utf-8")
    (entrypoint,) = re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
    assert json.loads(entrypoint)[0] == "/usr/local/bin/python3"
    assert not re.search(r"^(USER|CMD)\b", text, re.MULTILINE)


def test_both_components_have_the_same_inputs() -> None:
    """The thin include declares what the component declares, and hands all of it on."""
    inputs, _ = component()
    thin, jobs = component(".gitlab-ci-component.yml")
    assert thin == inputs
    (include,) = jobs["include"]
    assert include["local"] == "/templates/gate.yml"
    assert include["inputs"] == {name: f"$[[ inputs.{name} ]]" for name in inputs}


def test_component_has_the_inputs_of_the_actions() -> None:
    """One set of names on every platform."""
    inputs, _ = component()
    assert set(inputs) - GITLAB_ONLY == set(loaded("action.yml")["inputs"]) - GITHUB_ONLY


def test_component_inputs_are_variables_only() -> None:
    """No input is pasted into a script, and every one of the gate's becomes its variable."""
    inputs, jobs = component()
    text = yaml.safe_dump({name: {**job, "variables": {}} for name, job in jobs.items()})
    used = set(re.findall(r"inputs\.(\w+)", text))
    assert used == {"job", "stage", "image", "advisory"}
    job = jobs["$[[ inputs.job ]]"]
    assert "$[[" not in "".join(job["script"])
    for name in set(inputs) - GITLAB_ONLY:
        assert job["variables"][f"CI_GATE_INPUT_{name.upper()}"] == f"$[[ inputs.{name} ]]"


def test_component_inputs_are_typed() -> None:
    """Each says what it is for, has a default that it allows itself, and no global keyword leaks."""
    inputs, jobs = component()
    for name, one in inputs.items():
        assert one["description"].strip().endswith("."), name
        assert "default" in one, name
        if "regex" in one:
            assert re.search(one["regex"], one["default"]), name
        if "options" in one:
            assert one["default"] in one["options"], name
    assert not set(jobs) & {"default", "stages", "variables", "workflow", "image", "before_script"}


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("job", "a'; rm -rf /"),
        ("job", ""),
        ("stage", "test\nscript: [x]"),
        ("image", "alpine; curl x"),
        ("image", ""),
        ("bundle_url", "file:///etc/passwd"),
        ("bundle_url", 'https://x/" ; id'),
        ("bundle_sha256", "abc"),
        ("key", "<!-- x -->"),
        ("working_directory", "$(id)"),
        ("out", "a b"),
        ("base", "-x; id"),
        ("baseline", "$(id)"),
        ("shard", "1/2; id"),
        ("merge", "a b"),
    ],
)
def test_component_refuses(name: str, bad: str) -> None:
    """What could be read as anything but a plain value does not match the input's expression."""
    inputs, _ = component()
    assert not re.search(inputs[name]["regex"], bad)


def test_advisory_lets_regressions_through_only() -> None:
    """Exit code 1 is a warning when asked for; a broken gate stays an error."""
    _, jobs = component()
    assert jobs[".ci-gate:advisory-true"] == {"allow_failure": {"exit_codes": [1]}}
    assert jobs[".ci-gate:advisory-false"] == {"allow_failure": False}


def test_pipe_passes_every_input() -> None:
    """The pipe's variables are the inputs of the other platforms."""
    names = {one["name"] for one in loaded("templates/bitbucket/pipe.yml")["variables"]}
    wanted = set(loaded("action.yml")["inputs"]) - {"check_run"}
    assert names == {f"CI_GATE_INPUT_{name.upper()}" for name in wanted}


def test_jenkins_fails_by_our_exit_code() -> None:
    """junit alone makes a build unstable; the exit code ends the stage, reports are kept before."""
    text = (TOP / "templates" / "jenkins" / "Jenkinsfile").read_text(encoding="utf-8")
    assert "returnStatus: true" in text
    assert text.count("error(") == 2
    post = text[text.index("post {") :]
    assert "always {" in post
    assert "junit testResults" in post
    assert "archiveArtifacts" in post
    for bracket in ("{}", "()"):
        assert text.count(bracket[0]) == text.count(bracket[1])


@pytest.mark.parametrize("name", ACTIONS)
def test_actions_by_schema(name: str) -> None:
    """GitHub's schema of actions knows every key."""
    checked([program("check-jsonschema"), "--builtin-schema", "vendor.github-actions", name])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_by_schema(name: str) -> None:
    """GitHub's schema of workflows knows every key."""
    checked([program("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", name])


@pytest.mark.parametrize("name", [*ACTIONS, *WORKFLOWS])
def test_by_action_validator(name: str, tmp_path: Path) -> None:
    """A second opinion, in the words of another implementation."""
    text = (TOP / name).read_text(encoding="utf-8")
    # A permission that came after its schema.
    text = re.sub(r"^ +attestations: write\n", "", text, flags=re.MULTILINE)
    copy = tmp_path / ".github" / "workflows" / Path(name).name
    copy.parent.mkdir(parents=True)
    copy.write_text(text, encoding="utf-8")
    checked([program("action-validator"), str(copy)])


def test_by_zizmor() -> None:
    """No finding of medium severity or above that is not ignored with a reason beside it."""
    command = [program("zizmor"), "--offline", "--no-config", "--min-severity", "medium"]
    checked([*command, *ACTIONS, *WORKFLOWS])


def test_ignored_findings_have_reasons() -> None:
    """An ignored finding says why in the same line."""
    for name in [*ACTIONS, *WORKFLOWS]:
        for reason in re.findall(r"zizmor: ignore\[[\w,-]+\](.*)", (TOP / name).read_text()):
            assert len(reason.split()) > 4, name


def test_zizmor_finds_something(tmp_path: Path) -> None:
    """The tool runs as configured here: a dangerous workflow does not pass."""
    bad = tmp_path / ".github" / "workflows" / "bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: x\n    steps:\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    command = [program("zizmor"), "--offline", "--no-config", "--min-severity", "medium", str(bad)]
    assert subprocess.run(command, capture_output=True, check=False).returncode > 10


def test_dockerfile_by_hadolint() -> None:
    """What is ignored is ignored in the file, with its reason."""
    checked([program("hadolint"), "Dockerfile"])


def test_gitlab_by_schema(tmp_path: Path) -> None:
    """The example, and the jobs of the component without the document that declares its inputs."""
    command = [program("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci"]
    checked([*command, "docs/workflows/gitlab-include.yml", "docs/workflows/gitlab-shards.yml"])
    for name in ("templates/gate.yml", ".gitlab-ci-component.yml"):
        _, jobs = component(name)
        text = yaml.safe_dump(jobs, sort_keys=False).replace("$[[ inputs.job ]]", "ci-gate")
        path = tmp_path / Path(name).name.lstrip(".")
        path.write_text(text)
        checked([*command, str(path)])


def test_bitbucket_by_schema() -> None:
    """Bitbucket's schema of pipelines knows every key."""
    name = "templates/bitbucket/bitbucket-pipelines.yml"
    checked([program("check-jsonschema"), "--builtin-schema", "vendor.bitbucket-pipelines", name])


def test_actions_are_pinned_by_commit() -> None:
    """Every foreign action is named by a commit with its version beside it; ours in examples, too."""
    for name in WORKFLOWS:
        for line in (TOP / name).read_text(encoding="utf-8").splitlines():
            found = re.search(r"uses: (\S+)(.*)", line)
            if found and not found[1].startswith("./"):
                assert re.fullmatch(r"\S+@[0-9a-f]{40}", found[1]), line
                assert re.match(r" # v\d+\.\d+\.\d+", found[2]), line


def test_release_pins_the_image(tmp_path: Path) -> None:
    """A release's action.yml runs an image by digest, and a name without one is refused."""
    (tmp_path / "scripts").mkdir()
    for name in ("action.yml", "scripts/pin-action"):
        (tmp_path / name).write_bytes((TOP / name).read_bytes())
    image = "registry.example/acme/ci-gate:1.2.3@sha256:" + "a" * 64
    bad = ["bash", "scripts/pin-action", "registry.example/acme/ci-gate:1.2.3"]
    assert subprocess.run(bad, cwd=tmp_path, capture_output=True, check=False).returncode == 2
    checked(["bash", "scripts/pin-action", image], cwd=tmp_path)
    pinned = yaml.safe_load((tmp_path / "action.yml").read_text())
    assert pinned == {
        **loaded("action.yml"),
        "runs": {"using": "docker", "image": f"docker://{image}"},
    }
    again = subprocess.run(
        ["bash", "scripts/pin-action", image], cwd=tmp_path, capture_output=True, check=False
    )
    assert again.returncode == 1
