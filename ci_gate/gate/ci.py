"""`action`: the gate as a CI job runs it, with everything that the platform wants to be told.

The job's own exit code blocks the merge; what is published besides only says why.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from ci_gate.config.flags import RunFlags, Surroundings
from ci_gate.config.options import RunOptions
from ci_gate.config.resolve import merge_options, run_options
from ci_gate.errors import UsageError
from ci_gate.forge.base import Pause
from ci_gate.forge.detect import PWN_REQUEST, ChangeRequest, detect
from ci_gate.gate import events
from ci_gate.gate.changes.basis import edits_of, relative
from ci_gate.gate.merge import merge
from ci_gate.gate.pipeline.connect import ELSEWHERE, event_text, token_of
from ci_gate.gate.pipeline.inputs import Inputs
from ci_gate.gate.pipeline.jobfiles import append_summary, write_outputs
from ci_gate.gate.publish import Published, PublishOptions, made_for, send
from ci_gate.gate.run import run
from ci_gate.model.result import Result
from ci_gate.report.annotations import command, log_lines
from ci_gate.report.codequality import files_of, links, quality, repository_path
from ci_gate.report.comment import page
from ci_gate.report.words import counts, red
from ci_gate.store.files import make_folder, read_or_none, write_file
from ci_gate.store.runs import read_exchanges

DEFAULT_CONFIG = "ci-gate.yml"
CODE_QUALITY = "gl-code-quality.json"
LINKS = "gl-annotations.json"
SHARDS = ".ci-gate/runs/shards"
"""Where shards have their run directories, and are looked for to be merged."""
TEST_RESULTS = "test-results"
"""Where Bitbucket Pipelines looks for JUnit files, from the top of the clone."""

ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BITBUCKET_CLONE_DIR", "WORKSPACE")
"""Variables that say where the clone's top is."""

Gate = Callable[[RunOptions, events.Sink], Awaitable[Result]]


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a job."""

    result: Result
    folder: str
    """The run directory."""
    lines: tuple[str, ...] = ()
    """Workflow commands for the job's log, as they are to be printed."""
    published: Published | None = None


async def action(
    inputs: Inputs,
    around: Surroundings,
    sink: events.Sink,
    *,
    gate: Gate | None = None,
    pause: Pause = time.sleep,
    backoff: float = 1.0,
) -> Acted:
    """Run the gate (`gate` instead of `run` when given) and tell the platform. `around.env` must
    not hold the token any more.

    Raises UsageError for a workflow that must not run a change's code, and what `run` raises.
    """
    request = detect(around.env, event_text(around.env))
    refuse(request)
    config = around.config_name or inputs.config or DEFAULT_CONFIG
    edits, note = edits_of(request, inputs.base, config, inputs.snapshot)
    if note:
        sink(events.Note(note))
    options = msgspec.structs.replace(_options(inputs, around), edits=edits)
    seen = _Folder(sink, options.out)
    if inputs.merge:
        result = await merge(options, [inputs.merge], seen)
    else:
        result = await (gate or run)(options, seen)
    job = _Job(inputs, around, request, result, seen.path)
    if options.shard is not None:
        # The job that merges the shards tells the platform, of all of them.
        return job.end(None)
    job.write(sink)
    published = job.publish(sink, pause, backoff)
    return job.end(published)


def _options(inputs: Inputs, around: Surroundings) -> RunOptions:
    flags = RunFlags(
        snapshot=inputs.snapshot,
        out=inputs.out,
        mode=inputs.mode,
        baseline=inputs.baseline,
        shard=inputs.shard,
    )
    if inputs.merge:
        return merge_options(flags, around)
    options = run_options(flags, around)
    if options.shard is None:
        return options
    # Each its own, so that the artifacts of all jobs can be unpacked in one place.
    out = f"{inputs.out or SHARDS}/shard-{options.shard.index}"
    return msgspec.structs.replace(options, out=out)


def refuse(request: ChangeRequest) -> None:
    """Raise UsageError for a job in which the gate must not run the service."""
    if request.event == PWN_REQUEST:
        raise UsageError(
            "refused: a pull_request_target workflow has the rights of the base branch, and the "
            "gate runs the change's code. Run it on pull_request, and `ci-gate publish` in a "
            "workflow_run workflow"
        )


class _Folder:
    """A sink that learns where the run directory is, and passes everything on."""

    def __init__(self, sink: events.Sink, path: str) -> None:
        self._sink = sink
        self.path = path

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Stage) and event.name == "report":
            self.path = event.text
        self._sink(event)


class _Job:
    """A finished gate in a job of a platform."""

    def __init__(
        self,
        inputs: Inputs,
        around: Surroundings,
        request: ChangeRequest,
        result: Result,
        folder: str,
    ) -> None:
        self._inputs = inputs
        self._around = around
        self._env: Mapping[str, str] = around.env
        self._request = request
        self._result = result
        self._folder = folder
        self._root = next((self._env[name] for name in ROOTS if self._env.get(name)), os.getcwd())

    def write(self, sink: events.Sink) -> None:
        """The files that the platform reads. None of them changes the verdict."""
        platform = self._request.platform
        if platform == "github":
            text = page(self._result, made_for(self._request))
            if not append_summary(self._env, text) and self._env.get("GITHUB_STEP_SUMMARY"):
                sink(events.Note("the job's page could not be written", "warning"))
        elif platform == "gitlab":
            self._gitlab()
        elif platform == "bitbucket":
            self._bitbucket()

    def publish(self, sink: events.Sink, pause: Pause, backoff: float) -> Published | None:
        """Comment and check run; None where there is nothing to publish to."""
        request, inputs = self._request, self._inputs
        if request.platform in ELSEWHERE:
            return None
        if not request.number and not inputs.check_run and request.platform != "bitbucket":
            return None
        mode = inputs.comment or self._around.settings.report.comment
        if not inputs.comment and mode == "never" and self._edited():
            # A change cannot hide what it edits by editing this setting, too.
            mode = "changes"
        options = PublishOptions(
            key=inputs.key,
            comment=mode,
            check_run=inputs.check_run,
            # The job itself is the status of this commit.
            status=False,
            token=inputs.token or token_of(request.platform, self._env),
            env=self._env,
            backoff=backoff,
        )
        try:
            return send(self._result, request, options, sink, pause)
        except UsageError as error:
            return Published(action="failed", reason=str(error), notice=str(error))

    def end(self, published: Published | None) -> Acted:
        """Outputs, and the lines for the log."""
        lines: list[str] = []
        notice = published.notice if published is not None else ""
        if self._request.platform == "github":
            self._outputs(published)
            file = repository_path(self._result.environment.config, self._prefix())
            lines = log_lines(self._result, file=file) if self._result.shard is None else []
            if notice:
                lines.append(command("notice", "ci-gate", notice))
        return Acted(
            result=self._result, folder=self._folder, lines=tuple(lines), published=published
        )

    def _outputs(self, published: Published | None) -> None:
        result = self._result
        outputs = {
            "verdict": result.verdict.outcome,
            "regressions": str(len(red(result))),
            "replayed": str(counts(result).answered),
            "result": self._place("result.json"),
            "junit": self._place("junit.xml"),
            "summary": self._place("summary.md"),
            "comment-url": published.url if published is not None else "",
        }
        write_outputs(self._env, outputs)

    def _gitlab(self) -> None:
        """The report files beside result.json; `junit.xml` is there already."""
        prefix = self._prefix()
        files: dict[str, str] = {}
        with contextlib.suppress(UsageError):
            files = files_of(read_exchanges(os.path.join(self._folder, "exchanges.jsonl")), prefix)
        config = self._result.environment.config or DEFAULT_CONFIG
        fallback = repository_path(config, prefix) or DEFAULT_CONFIG
        self._put(CODE_QUALITY, quality(self._result, files, fallback))
        # The address in the variable, checked to be one when it was read.
        browse = f"{self._request.link}/artifacts/browse/{self._place('')}".rstrip("/")
        named = [("ci-gate: report", browse)] if self._request.link else []
        self._put(LINKS, links(named))

    def _bitbucket(self) -> None:
        folder = os.path.join(self._root, TEST_RESULTS)
        if relative(self._folder, folder) != self._folder:
            # It lies in there, and would be counted twice.
            return
        data = read_or_none(os.path.join(self._folder, "junit.xml"))
        if data is not None:
            make_folder(folder)
            key = "".join(char if char.isalnum() else "-" for char in self._inputs.key)
            name = f"ci-gate-{key}.xml" if key else "ci-gate.xml"
            write_file(os.path.join(folder, name), data)

    def _put(self, name: str, text: str) -> None:
        write_file(os.path.join(self._folder, name), text.encode("utf-8", "backslashreplace"))

    def _edited(self) -> bool:
        return self._result.edits is not None and bool(self._result.edits.items)

    def _prefix(self) -> str:
        """Our working directory from the clone's top, "" for the top itself."""
        here = os.getcwd()
        found = relative(here, self._root)
        return "" if found in (".", here) else found

    def _place(self, name: str) -> str:
        """A file of the run directory from the clone's top."""
        return relative(os.path.join(self._folder, name), self._root)
