"""From a platform and a token to the forge to write to, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ci_gate.forge.base import Forge, Pause
from ci_gate.forge.detect import MAX_EVENT, ChangeRequest
from ci_gate.gate.events import Note, Sink

ELSEWHERE = ("jenkins", "other")
"""Platforms without a forge behind them that we know: the job's log is where things are said."""

TOKENS = {
    "github": ("CI_GATE_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("CI_GATE_TOKEN", "GITLAB_TOKEN"),
    "bitbucket": ("CI_GATE_TOKEN", "BITBUCKET_TOKEN", "BITBUCKET_ACCESS_TOKEN"),
}
"""Variables a token is taken from. Never CI_JOB_TOKEN: GitLab lets it read notes only."""

RIGHTS = {
    "github": "the job needs `permissions: pull-requests: write` (a fork's pull request never has "
    "it: publish from a second workflow)",
    "gitlab": "a project access token with the scope api, as CI_GATE_TOKEN, may write",
    "bitbucket": "a repository access token that may write pull requests, as CI_GATE_TOKEN, may",
}


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection takes besides the change request."""

    token: str = ""
    """As given; "" = look in `env`."""
    env: Mapping[str, str]
    sink: Sink
    pause: Pause
    backoff: float = 1.0
    """Seconds of the first wait; tests take none."""

    def token_for(self, platform: str) -> str:
        """The token for a platform, or ""."""
        return self.token or token_of(platform, self.env)


def connect(change: ChangeRequest, link: Link) -> Forge | str:
    """The forge of a change request, or why there is none to write to."""
    platform = change.platform
    if platform in ELSEWHERE:
        from ci_gate.forge.joblog import JobLog

        return JobLog(lambda line: link.sink(Note(line)))
    if not change.commentable and not change.head:
        return f"not published: this run is for no change request ({change.event or platform})"
    token = link.token_for(platform)
    if platform == "bitbucket":
        from ci_gate.forge.bitbucket import PROXY, Bitbucket

        proxy = link.env.get("CI_GATE_BITBUCKET_PROXY") or PROXY
        return Bitbucket(change, token, link.pause, backoff=link.backoff, proxy=proxy)
    if not token:
        return f"not published: no token; {RIGHTS[platform]}. The verdict stands"
    if platform == "github":
        from ci_gate.forge.github import GitHub

        return GitHub(change, token, backoff=link.backoff)
    from ci_gate.forge.gitlab import GitLab

    return GitLab(change, token, backoff=link.backoff)


def event_text(env: Mapping[str, str]) -> str:
    """The text of GitHub's event file, or ""."""
    path = env.get("GITHUB_EVENT_PATH", "")
    if not path:
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(MAX_EVENT)
    except OSError:
        return ""


def token_of(platform: str, env: Mapping[str, str]) -> str:
    """The first token that the environment has for a platform, or ""."""
    return next((env[name] for name in TOKENS.get(platform, ()) if env.get(name)), "")
