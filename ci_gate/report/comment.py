"""The comment on a change request, and the page of a job: the summary as each platform takes it.

The verdict stays first; what the change edits in snapshot, rules and configuration comes next,
before anything that such an edit may have made green.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ci_gate.model.result import Result
from ci_gate.report import snapshotdiff
from ci_gate.report.markdown import render, size
from ci_gate.report.markdown_plain import without_html
from ci_gate.report.markdown_text import code, inline
from ci_gate.report.words import standing
from ci_gate.values.redaction.masks import masked_data

BUDGETS = {"github": 60_000, "gitlab": 100_000, "bitbucket": 28_000}
"""UTF-16 units of a whole comment, its hidden lines included. GitHub takes 65,536 characters and
GitLab a million; of Bitbucket it is not known."""
SUMMARY_BUDGET = 300_000
"""Of a job's page: GitHub shows nothing at all of one beyond 1 MiB."""

_HIDDEN = 1_500
"""Kept free for the two hidden lines, which the publishing rule adds."""
_FOOTER = 600


Origin = Literal["own", "told", "compared"]
"""Where a result is from. own: the job that publishes it; told: another job, which ran the change
and can have written what it likes; compared: the same, but what the change edits was read from the
repository."""

_ORIGINS = {
    "own": "",
    "told": "as reported by the job that ran the change",
    "compared": "as reported by the job that ran the change; edits read from the repository",
}


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """For which run a comment is made; "" where it is not known."""

    sha: str = ""
    run: str = ""
    attempt: str = ""
    link: str = ""
    """http(s) address of the run."""
    origin: Origin = "own"


def worth_saying(result: Result) -> bool:
    """True when a reviewer should see a comment even if there was none before: not green, something
    unstable, a `warn_if` that holds, or the change edits what it is judged by.

    Other warnings (a rule that never matched) are true of every change: a comment on each would
    teach people not to read them.
    """
    warned = any(
        one.level == "warn" and one.outcome == "fail" for one in result.verdict.evaluations
    )
    shaky = bool(standing(result, "unstable"))
    return result.verdict.outcome != "pass" or shaky or warned or edited(result)


def edited(result: Result) -> bool:
    """True when the change edits snapshot, rules or configuration."""
    return result.edits is not None and bool(result.edits.items)


def comment(result: Result, platform: str, made: Made) -> str:
    """The comment for `platform` ("github", "gitlab", "bitbucket"; others are logs), within its
    budget. What did not fit is said; no fence or element is cut."""
    budget = BUDGETS.get(platform, BUDGETS["github"]) - _HIDDEN
    text = _text(result, budget, made)
    return text if platform in ("github", "gitlab") else without_html(text)


def page(result: Result, made: Made, budget: int = SUMMARY_BUDGET) -> str:
    """The page of a job: as the comment, with more room."""
    return _text(result, budget, made)


def _text(result: Result, budget: int, made: Made) -> str:
    result = masked_data(result)
    top = [_mode(result)]
    if result.edits is not None:
        top.append(snapshotdiff.markdown(result.edits, budget // 3))
    above = "\n\n".join(part for part in top if part)
    rest = render(result, budget - size(above) - _FOOTER, link=made.link)
    heading, _, below = rest.partition("\n\n")
    parts = (heading.strip(), above, below.strip(), _footer(made))
    return "\n\n".join(part for part in parts if part) + "\n"


def _mode(result: Result) -> str:
    if not result.report_only:
        return ""
    outcome = result.verdict.outcome
    if outcome == "pass":
        return "**Report mode**: this would have passed; nothing is blocked in this mode."
    return (
        f"**Report mode**: this **would have been blocked** ({outcome}). "
        "It was not: in this mode nothing is."
    )


def _footer(made: Made) -> str:
    said = []
    if made.sha:
        said.append(f"for {code(made.sha[:12])}")
    if made.run:
        again = f", attempt {inline(made.attempt, 10)}" if made.attempt not in ("", "1") else ""
        said.append(f"run {inline(made.run, 30)}{again}")
    if _ORIGINS[made.origin]:
        said.append(_ORIGINS[made.origin])
    return f"<sub>{' · '.join(said)}</sub>" if said else ""
