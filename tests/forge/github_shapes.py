"""What GitHub shows of people, repositories and pull requests, whole: all that it always says."""

from __future__ import annotations

from typing import Any

WHEN = "2026-11-20T10:00:00Z"
PERSON_LINKS = (
    "html_url followers_url following_url gists_url starred_url subscriptions_url "
    "organizations_url repos_url events_url received_events_url avatar_url"
)
REPOSITORY_LINKS = (
    "archive assignees blobs branches clone collaborators comments commits compare contents "
    "contributors deployments downloads events forks git git_commits git_refs git_tags hooks html "
    "issue_comment issue_events issues keys labels languages merges milestones notifications "
    "pulls releases ssh stargazers statuses subscribers subscription svn tags teams trees"
)
REPOSITORY_COUNTS = (
    "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count"
)
REPOSITORY_FLAGS = (
    "archived disabled fork has_downloads has_issues has_pages has_projects has_wiki private"
)
REPOSITORY_EMPTY = "description homepage language license mirror_url"
PULL_LINKS = (
    "comments commits diff html issue patch review_comment review_comments statuses"  # + _url
)
PULL_RELATED = "comments commits html issue review_comment review_comments self statuses"
PULL_EMPTY = "assignee auto_merge body closed_at merge_commit_sha merged_at milestone"
PULL_COUNTS = "additions changed_files comments commits deletions review_comments"


def person(api: str, login: str, kind: str = "User") -> dict[str, Any]:
    """A user."""
    here = f"{api}/users/{login}"
    return {
        "login": login, "id": 1, "node_id": "U_1", "gravatar_id": "", "url": here,
        "type": kind, "site_admin": False, **dict.fromkeys(PERSON_LINKS.split(), here),
    }  # fmt: skip


def repository(api: str, number: int, full_name: str) -> dict[str, Any]:
    """A repository; its `url` is where the API has it."""
    owner, _, name = full_name.partition("/")
    here = f"{api}/repos/{full_name}"
    return {
        **{f"{one}_url": f"{here}/{one}" for one in REPOSITORY_LINKS.split()},
        **dict.fromkeys(REPOSITORY_COUNTS.split(), 0),
        **dict.fromkeys(REPOSITORY_FLAGS.split(), False),
        **dict.fromkeys(REPOSITORY_EMPTY.split(), None),
        **dict.fromkeys(("created_at", "pushed_at", "updated_at"), WHEN),
        "id": number, "node_id": f"R_{number}", "name": name, "full_name": full_name,
        "owner": person(api, owner), "url": here, "mirror_url": None, "default_branch": "main",
    }  # fmt: skip


def end(repo: dict[str, Any], ref: str, sha: str) -> dict[str, Any]:
    """The head or the base of a pull request."""
    owner = repo["owner"]
    return {"label": f"{owner['login']}:{ref}", "ref": ref, "sha": sha, "repo": repo, "user": owner}


def pull(
    api: str, number: int, head: dict[str, Any], base: dict[str, Any], *, listed: bool = False
) -> dict[str, Any]:
    """An open pull request; a list of them says less of each."""
    here = f"{base['repo']['url']}/pulls/{number}"
    shown = {
        **{f"{one}_url": f"{here}/{one}" for one in PULL_LINKS.split()},
        **dict.fromkeys(PULL_EMPTY.split(), None),
        "_links": {one: {"href": f"{here}/{one}"} for one in PULL_RELATED.split()},
        "id": 1000 + number, "node_id": f"PR_{number}", "number": number, "url": here,
        "head": head, "base": base, "state": "open", "locked": False, "title": "A change",
        "labels": [], "user": head["user"], "author_association": "CONTRIBUTOR",
        "created_at": WHEN, "updated_at": WHEN,
    }  # fmt: skip
    if listed:
        return shown
    return {
        **shown, **dict.fromkeys(PULL_COUNTS.split(), 0), "mergeable": True,
        "mergeable_state": "clean", "merged": False, "merged_by": None,
        "maintainer_can_modify": True,
    }  # fmt: skip
