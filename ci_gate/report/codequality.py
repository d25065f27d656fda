"""GitLab's own report files: code quality, and links on a job's page.

https://docs.gitlab.com/ci/testing/code_quality (the format's required fields) ·
https://docs.gitlab.com/ci/yaml/artifacts_reports (annotations)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ci_gate.model.difference import Cause
from ci_gate.model.result import ExchangeResult, Result
from ci_gate.report.text import one_line
from ci_gate.report.words import extent, red, reproduce
from ci_gate.values.redaction.masks import masked_again

MOST = 1_000
_SEVERITY = {"pass": "info", "fail": "critical", "inconclusive": "major"}


def quality(result: Result, files: Mapping[str, str], fallback: str) -> str:
    """gl-code-quality.json: a finding a cause, at the snapshot file of its first exchange.

    `files` is exchange id -> path from the top of the repository; `fallback` is where findings
    go that no file holds. Fingerprints depend on what changed and where, not on values, so that
    GitLab can tell new findings from known ones.
    """
    severity = "minor" if result.report_only else _SEVERITY[result.verdict.outcome]
    made = [_issue(result, one, severity, files, fallback) for one in red(result)[:MOST]]
    if not made and result.verdict.outcome != "pass":
        reasons = "; ".join(result.verdict.reasons) or result.verdict.outcome
        made = [_document(reasons, "verdict", severity, fallback, (result.verdict.outcome,))]
    return _json(made)


def links(named: Iterable[tuple[str, str]]) -> str:
    """gl-annotations.json: links on the job's page, from (label, URL)."""
    made = [{"external_link": {"label": label, "url": url}} for label, url in named]
    return _json({"ci-gate": made})


def files_of(rows: Iterable[ExchangeResult], folder: str = "") -> dict[str, str]:
    """Exchange id -> its snapshot file below `folder`, for rows that failed."""
    return {
        row.id: path
        for row in rows
        if row.state in ("failed", "error") and (path := repository_path(row.file, folder))
    }


def repository_path(path: str, folder: str = "") -> str:
    """`path` in `folder` as a path from the top of the repository; "" when it leads out of it."""
    whole = f"{folder}/{path}" if folder and not path.startswith("/") else path
    steps = [step for step in whole.split("/") if step not in ("", ".")]
    if not path or path.startswith("/") or ".." in steps or "\\" in path or ":" in path[:2]:
        return ""
    return one_line("/".join(steps), 400)


def _issue(
    result: Result, cause: Cause, severity: str, files: Mapping[str, str], fallback: str
) -> dict[str, Any]:
    where = next((files[one] for one in cause.exchanges if one in files), fallback)
    said = [cause.title, ", ".join(cause.routes[:3]), extent(cause), reproduce(result, cause)]
    identity = (cause.change, cause.place, cause.dependency, *cause.routes[:3])
    if not cause.place:
        # A call has no place: what its title says of it, as far as the first colon.
        identity = (*identity, cause.title.partition(":")[0])
    return _document(
        " · ".join(one for one in said if one), cause.change, severity, where, identity
    )


def _document(
    text: str, check: str, severity: str, path: str, identity: tuple[str, ...]
) -> dict[str, Any]:
    joined = "\0".join(identity).encode("utf-8", "backslashreplace")
    return {
        "description": one_line(masked_again(text), 1_000),
        "check_name": f"ci-gate/{one_line(check, 40)}",
        "fingerprint": hashlib.sha256(joined).hexdigest(),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
