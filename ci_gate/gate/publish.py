"""`publish`: a finished run to the forge it was for. Reads result.json and nothing else of it.

Publishing never changes the verdict: whatever goes wrong becomes one notice, and the job's page
and log say what the comment would have said.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Mapping
from typing import Literal

import msgspec

from ci_gate.config.file import NAME
from ci_gate.errors import UsageError
from ci_gate.forge.base import (
    Annotation,
    Finds,
    Forge,
    ForgeError,
    Kind,
    Pause,
    Proves,
    Report,
    Reports,
)
from ci_gate.forge.detect import ChangeRequest, detect
from ci_gate.forge.markers import State, Style
from ci_gate.forge.publish import Draft, Mode, Posted
from ci_gate.forge.publish import publish as upsert
from ci_gate.gate.changes.basis import edits_of_head
from ci_gate.gate.events import Sink, ignore
from ci_gate.gate.pipeline.artifact import read_result
from ci_gate.gate.pipeline.connect import ELSEWHERE, RIGHTS, Link, connect, event_text
from ci_gate.gate.pipeline.jobfiles import append_summary
from ci_gate.model.result import Result
from ci_gate.report.annotations import CHECK_ANNOTATIONS, findings
from ci_gate.report.codequality import repository_path
from ci_gate.report.comment import Made, Origin, comment, page, worth_saying
from ci_gate.report.text import one_line
from ci_gate.report.words import counts, headline, red
from ci_gate.values.redaction.masks import masked_again

NOWHERE = {
    "jenkins": "Jenkins has no place for a comment: it is in this log",
    "other": "no CI system that is known here (GitHub, GitLab, Bitbucket, Jenkins): what would be "
    "a comment is in this log, and nothing was sent",
}
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/ -]{0,99}")


class PublishOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish, and in whose name."""

    run: str = ""
    """The run directory, or a .zip of it."""
    key: str = ""
    comment: Mode = "changes"
    check_run: bool = False
    status: bool = True
    """Whether to set a commit status; a job that is the gate itself has its own."""
    dry_run: bool = False
    token: str = ""
    env: Mapping[str, str] = {}
    config: str = NAME
    """The configuration, by which what the change edits is found where a clone is at hand."""
    base: str = ""
    """The revision that edits are compared with; "" = the change request's base."""
    backoff: float = 1.0
    """Seconds of the first wait; tests take none."""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it."""

    action: Literal["created", "updated", "skipped", "failed", "shown"]
    reason: str = ""
    url: str = ""
    notice: str = ""
    """The one thing that a person should know, or ""."""
    body: str = ""
    """With `dry_run`: the comment as it would be sent."""
    target: str = ""
    """Where it went or would go: "GitHub acme/orders #7"."""


def publish(options: PublishOptions, sink: Sink = ignore, pause: Pause = time.sleep) -> Published:
    """Publish a run directory. Raises UsageError for a directory that holds no result of ours, for
    one of another commit, for a key that cannot be one, and for a base that is given and is not in
    the clone; for nothing that a forge does.

    The result is the word of the job that ran the change, and the comment says so. Only what the
    change edits can be told without running it, and is, where the clone has the change's commits.
    """
    check_key(options.key)
    result = read_result(options.run)
    if result.shard is not None:
        raise UsageError(
            f"{options.run}: is shard {result.shard} of a run, which says nothing of the others; "
            "publish what `ci-gate merge` makes of all of them"
        )
    change = detect(options.env, event_text(options.env))
    edits = edits_of_head(change, options.base, options.config)
    if edits is not None:
        result = msgspec.structs.replace(result, edits=edits)
    origin: Origin = "told" if edits is None else "compared"
    published = send(result, change, options, sink, pause, origin=origin)
    if published.action in ("failed", "skipped") and not options.dry_run and published.notice:
        append_summary(options.env, page(result, made_for(change, origin)))
    return published


def send(
    result: Result,
    change: ChangeRequest,
    options: PublishOptions,
    sink: Sink = ignore,
    pause: Pause = time.sleep,
    *,
    origin: Origin = "own",
) -> Published:
    """Publish a result for a change request. Of `origin` "own" result and number belong together,
    because this very job made the one and was told the other; else that is proven first.

    Raises UsageError for a result of another commit, and nothing else.
    """
    if options.dry_run:
        style: Style = "links" if change.platform == "bitbucket" else "html"
        body = _draft(result, change, options, origin).body(style)
        return Published(action="shown", body=body, target=_target(change))
    link = Link(
        token=options.token, env=options.env, sink=sink, pause=pause, backoff=options.backoff
    )
    forge = connect(change, link)
    if isinstance(forge, str):
        return Published(action="skipped", reason=forge, notice=forge, target=_target(change))
    publisher = _Publisher(result, change, options, link, forge, origin)
    try:
        return publisher.run()
    except ForgeError as error:
        notice = _notice(change, forge, error)
    except UsageError:
        raise
    except Exception as error:
        # A bug of ours or of a library's: worth a line, never worth a red build.
        notice = f"not published: {type(error).__name__} (the verdict stands)"
    finally:
        publisher.close()
    return Published(action="failed", reason=notice, notice=notice, target=_target(change))


def check_key(key: str) -> None:
    """Raise UsageError for what cannot be a key."""
    if key and not KEY.fullmatch(key):
        raise UsageError(
            f"key {one_line(key, 60)!r}: letters, digits, blanks and . _ / - only, at most 100"
        )


def made_for(change: ChangeRequest, origin: Origin = "own") -> Made:
    """What a comment says of its run."""
    return Made(
        sha=change.head, run=change.run, attempt=change.attempt, link=change.link, origin=origin
    )


class _Publisher:
    """One result on its way to one forge."""

    def __init__(
        self,
        result: Result,
        change: ChangeRequest,
        options: PublishOptions,
        link: Link,
        forge: Forge,
        origin: Origin,
    ) -> None:
        self._result = result
        self._change = change
        self._options = options
        self._link = link
        self._forge = forge
        self._origin = origin

    def close(self) -> None:
        """Give back connections."""
        self._forge.close()

    def run(self) -> Published:
        """Prove, report beside the commit, comment. Raises ForgeError and UsageError."""
        proven = self._origin == "own"
        if not proven:
            self._check_commit()
        tokenless = self._change.platform == "bitbucket" and not self._link.token_for("bitbucket")
        problem = "" if proven or tokenless else self._aim()
        if problem:
            # Not certainly ours: nothing at all is posted.
            return self._skipped(problem, problem)
        notice = self._beside()
        change = self._change
        if not change.number and change.platform not in ELSEWHERE:
            reason = f"no change request to comment on ({change.event or change.platform})"
            return self._skipped(reason, notice)
        if tokenless:
            reason = f"no comment: no token; {RIGHTS['bitbucket']} write one"
            return self._skipped(reason, notice or reason)
        draft = _draft(self._result, change, self._options, self._origin)
        posted: Posted = upsert(self._forge, draft, self._link.pause)
        notice = notice or NOWHERE.get(change.platform, "")
        return Published(
            action=posted.action,
            reason=posted.reason,
            url=posted.url,
            notice=notice,
            target=_target(change),
        )

    def _skipped(self, reason: str, notice: str) -> Published:
        return Published(
            action="skipped", reason=reason, notice=notice, target=_target(self._change)
        )

    def _check_commit(self) -> None:
        """A result that was made for another commit is refused. The platform's merge of the head
        has the head among its parents; a commit that the forge does not know proves nothing."""
        commit, change, forge = self._result.environment.commit, self._change, self._forge
        if not re.fullmatch(r"[0-9a-f]{40,64}", commit) or not change.head:
            return
        if commit.startswith(change.head) or commit == change.commit:
            return
        parents = forge.parents(commit) if isinstance(forge, Proves) else None
        if parents is not None and change.head not in parents:
            raise UsageError(
                f"the result is of commit {commit[:12]}, and this run is for {change.head[:12]}: "
                "nothing was published; was it the right artifact?"
            )

    def _aim(self) -> str:
        """Prove the change request, or find the one the run was for; why there is none."""
        if self._change.number:
            return self._forge.problem() if isinstance(self._forge, Proves) else ""
        if not self._change.commentable or not isinstance(self._forge, Finds):
            return ""
        for number in self._forge.candidates():
            change = msgspec.structs.replace(self._change, number=number)
            forge = connect(change, self._link)
            if isinstance(forge, str) or not isinstance(forge, Proves):
                continue
            self._forge.close()
            self._forge = forge
            if not forge.problem():
                self._change = change
                return ""
        return f"no open pull request has {self._change.head[:12]} as its head"

    def _beside(self) -> str:
        """The verdict beside the commit; what of it was not possible, as one notice."""
        options, change, forge = self._options, self._change, self._forge
        kinds: list[Kind] = ["status"] if options.status else []
        # Code Insights is to Bitbucket what annotations in the log are to GitHub.
        if options.check_run or change.platform == "bitbucket":
            kinds.append("check")
        if not (kinds and change.head and isinstance(forge, Reports)):
            return ""
        failed = forge.report(_report(self._result, change, options), kinds)
        return f"{forge.name}: {'; '.join(failed)}. The verdict stands" if failed else ""


def _draft(result: Result, change: ChangeRequest, options: PublishOptions, origin: Origin) -> Draft:
    made = made_for(change, origin)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Draft(
        key=_key(result, options),
        state=State(
            run=change.run,
            attempt=change.attempt,
            sha=change.head,
            at=now,
        ),
        text=comment(result, change.platform, made),
        mode=options.comment,
        worth_saying=worth_saying(result),
    )


def _key(result: Result, options: PublishOptions) -> str:
    name = one_line(result.service, 80)
    return f"{name}/{options.key}" if options.key else name


def _report(result: Result, change: ChangeRequest, options: PublishOptions) -> Report:
    outcome = "pass" if result.report_only else result.verdict.outcome
    word = result.verdict.outcome.upper()
    said = f"would be {word}" if result.report_only and word != "PASS" else word
    seen = counts(result)
    where = repository_path(result.environment.config) or "ci-gate.yml"
    annotations = tuple(
        Annotation(path=where, line=1, level=one.level, title=one.title, message=one.message)
        for one in findings(result)[:CHECK_ANNOTATIONS]
    )
    return Report(
        name=f"ci-gate/{_key(result, options)}",
        outcome=outcome,
        title=f"{said}: {masked_again(headline(result))}",
        summary=page(result, made_for(change), 60_000),
        link=change.link,
        annotations=annotations,
        figures=(
            ("Requests", seen.total),
            ("Red", seen.failed),
            ("Causes", len(red(result))),
        ),
    )


def _notice(change: ChangeRequest, forge: Forge, error: ForgeError) -> str:
    """The one thing to say when a forge did not take it."""
    remedy = f"; {RIGHTS[change.platform]}" if error.kind == "permission" else ""
    return f"not published to {forge.name}: {error}{remedy}. The verdict stands"


def _target(change: ChangeRequest) -> str:
    names = {"github": "GitHub", "gitlab": "GitLab", "bitbucket": "Bitbucket"}
    name = names.get(change.platform, "the job log")
    number = f" #{change.number}" if change.number else ""
    return f"{name} {change.repository}{number}".replace("  ", " ").strip()
