"""A GitHub runner as far as an action can tell: what it is given, and what is read back from it.

Rules as in the runner's source: variables of a step, files for outputs and summary, commands in
the log. A container action is run by the Dockerfile's entrypoint, a composite one step by step.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TOP = Path(__file__).resolve().parents[2]
TOKEN = "ghs_" + "0" * 36
SUMMARY_LIMIT = 1024 * 1024
ANNOTATIONS_PER_KIND = 10
ANNOTATION_LIMIT = 4096
EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")
COMMAND = re.compile(r"\s*::(?P<name>[^\s:]+)(?: (?P<properties>.*?))?::(?P<data>.*)", re.DOTALL)
OLD_COMMAND = re.compile(r".*?##\[(?P<name>[^\s\]]+)(?: (?P<properties>[^\]]*))?\](?P<data>.*)")


class Refused(Exception):
    """The runner fails the step for a file it cannot read."""


@dataclass
class Annotation:
    """An error, warning or notice, as kept with the run."""

    kind: str
    message: str
    properties: dict[str, str]


@dataclass
class Ran:
    """What a step left behind."""

    code: int
    log: str
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    annotations: list[Annotation] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)
    """Every other command that was found in the log."""


def read_outputs(text: str) -> dict[str, str]:
    """Lines NAME=VALUE and NAME<<END … END, as the runner reads GITHUB_OUTPUT."""
    outputs: dict[str, str] = {}
    lines = (
        text.splitlines(keepends=True) if "\r" not in text else re.findall(r"[^\n]*\n|[^\n]+", text)
    )
    index = 0
    while index < len(lines):
        line = lines[index].rstrip("\n").removesuffix("\r")
        index += 1
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _, value = line.partition("=")
        elif heredoc >= 0:
            name, _, end = line.partition("<<")
            if not name or not end:
                raise Refused(f"Invalid format '{line}'. Name and delimiter must not be empty")
            value, index = _until(lines, index, end)
        else:
            raise Refused(f"Invalid format '{line}'")
        if not name:
            raise Refused(f"Invalid format '{line}'. Name must not be empty")
        outputs[name] = value
    return outputs


def _until(lines: list[str], index: int, end: str) -> tuple[str, int]:
    taken: list[str] = []
    while True:
        if index >= len(lines):
            raise Refused(f"Invalid value. Matching delimiter not found '{end}'")
        line = lines[index]
        index += 1
        if line.rstrip("\n").removesuffix("\r") == end:
            return "".join(taken).removesuffix("\n").removesuffix("\r"), index
        if not line.endswith("\n"):
            raise Refused("Invalid value. EOF marker missing new line.")
        taken.append(line)


def read_log(log: str) -> tuple[list[Annotation], list[tuple[str, str]]]:
    """Annotations (ten of a kind, cut) and the other commands of a log."""
    annotations: list[Annotation] = []
    commands: list[tuple[str, str]] = []
    stopped = ""
    for line in log.splitlines():
        found = COMMAND.fullmatch(line) or OLD_COMMAND.fullmatch(line)
        if found is None:
            continue
        name, data = found["name"], _decoded(found["data"])
        if stopped:
            stopped = "" if name == stopped else stopped
        elif name == "stop-commands":
            stopped = data
        elif name in ("error", "warning", "notice"):
            if sum(one.kind == name for one in annotations) < ANNOTATIONS_PER_KIND:
                properties = _properties(found["properties"] or "")
                annotations.append(Annotation(name, data[:ANNOTATION_LIMIT], properties))
        else:
            commands.append((name, data))
    return annotations, commands


def _properties(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {
        name.strip(): _decoded(value).replace("%3A", ":").replace("%2C", ",")
        for name, _, value in pairs
    }


def _decoded(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _leaves(name: str, value: Any) -> dict[str, str]:
    """Everything below an event as expressions name it."""
    if not isinstance(value, dict):
        return {name: str(value)}
    return {k: v for key, one in value.items() for k, v in _leaves(f"{name}.{key}", one).items()}


@dataclass
class Runner:
    """One job in `folder`; `workspace` is the checkout."""

    folder: Path
    workspace: Path
    event: str = "push"
    payload: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    """More variables of the job, such as GITHUB_API_URL of a server of the test's."""

    def run(self, action: Path, inputs: dict[str, str] | None = None) -> Ran:
        """Run the action in that folder with the inputs of `with:`."""
        about = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
        values = {
            name: self._text(one.get("default", ""), {}) for name, one in about["inputs"].items()
        }
        values.update(inputs or {})
        self.folder.mkdir(parents=True, exist_ok=True)
        if about["runs"]["using"] == "docker":
            env = {f"INPUT_{name.replace(' ', '_').upper()}": text for name, text in values.items()}
            return self._step(entrypoint(action / about["runs"]["image"]), env)
        return self._composite(action, about, values)

    def _composite(self, action: Path, about: dict[str, Any], values: dict[str, str]) -> Ran:
        known = {f"inputs.{name}": text for name, text in values.items()}
        total = Ran(0, "")
        for step in about["runs"]["steps"]:
            assert step["shell"] == "bash"
            script = self.folder / f"{uuid.uuid4().hex}.sh"
            script.write_text(self._text(step["run"], known))
            env = {name: self._text(text, known) for name, text in step.get("env", {}).items()}
            env["GITHUB_ACTION_PATH"] = str(action)
            ran = self._step(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)], env
            )
            total.code, total.log = ran.code, total.log + ran.log
            total.summary += ran.summary
            total.annotations += ran.annotations
            total.commands += ran.commands
            known.update({f"steps.{step['id']}.outputs.{k}": v for k, v in ran.outputs.items()})
            if ran.code:
                break
        total.outputs = {
            name: text
            for name, one in about.get("outputs", {}).items()
            if (text := self._text(one["value"], known))
        }
        return total

    def _text(self, template: str, known: dict[str, str]) -> str:
        """A text with its expressions resolved; an unknown one is empty, as in the runner."""
        every = {"github.token": TOKEN, "runner.temp": str(self.folder / "temp"), **known}
        every |= _leaves("github.event", self.payload)
        return EXPRESSION.sub(lambda found: every.get(found[1], ""), template)

    def _step(self, command: list[str], more: dict[str, str]) -> Ran:
        files = self.folder / uuid.uuid4().hex
        env = {**self._variables(files), **self.env, **more}
        done = subprocess.run(
            command,
            cwd=self.workspace,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=600,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout)
        ran.annotations, ran.commands = read_log(done.stdout)
        ran.outputs = read_outputs((files / "output").read_text(encoding="utf-8"))
        ran.summary = (files / "summary").read_text(encoding="utf-8")
        if len(ran.summary.encode()) > SUMMARY_LIMIT:
            ran.summary = ""
            ran.annotations.append(Annotation("error", "$GITHUB_STEP_SUMMARY upload aborted", {}))
        return ran

    def _variables(self, files: Path) -> dict[str, str]:
        temp = self.folder / "temp"
        for folder in (files, temp, self.folder / "home"):
            folder.mkdir(parents=True, exist_ok=True)
        for name in ("output", "summary", "env", "state", "path"):
            (files / name).touch()
        (files / "event.json").write_text(json.dumps(self.payload))
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "GITHUB_SERVER_URL": "http://127.0.0.1:9",
            "GITHUB_ENV": str(files / "env"),
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_EVENT_PATH": str(files / "event.json"),
            "GITHUB_JOB": "gate",
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_PATH": str(files / "path"),
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "4711",
            "GITHUB_RUN_NUMBER": "7",
            "GITHUB_SHA": "a" * 40,
            "GITHUB_STATE": str(files / "state"),
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
            "GITHUB_WORKFLOW": "ci",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(temp),
        }

    def has_gate(self) -> None:
        """As if an earlier step of the job had set the gate up: our own environment, linked."""
        venv = self.folder / "temp" / "ci-gate-venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (venv / "bin" / "python").chmod(0o755)
        (venv / ".ready").touch()


def entrypoint(dockerfile: Path) -> list[str]:
    """The Dockerfile's ENTRYPOINT in its exec form, with this environment for the image's."""
    (text,) = re.findall(r"^ENTRYPOINT (\[.*\])$", dockerfile.read_text(), re.MULTILINE)
    python, isolated, app, *rest = json.loads(text)
    assert (python, isolated, app) == ("/usr/local/bin/python3", "-I", "/opt/ci-gate/app")
    return [sys.executable, isolated, "-m", "ci_gate", *rest]


def checkout(folder: Path, example: str = "orders") -> Path:
    """A workspace that holds one of our examples, runnable anywhere."""
    workspace = folder / "workspace"
    shutil.copytree(
        TOP / "examples" / example,
        workspace,
        ignore=shutil.ignore_patterns(".ci-gate", "__pycache__"),
    )
    config = workspace / "ci-gate.yml"
    config.write_text(config.read_text().replace("../../.venv/bin/python", sys.executable))
    return workspace
