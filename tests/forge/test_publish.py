"""The publishing rule, on a forge in memory."""

from __future__ import annotations

import pytest

from ci_gate.forge.base import ForgeError
from ci_gate.forge.publish import TRIES, decide, ours, publish
from tests.forge.memory import Memory, body, draft


def test_the_first_run_creates() -> None:
    """Without a comment of ours one is created, with the two hidden lines on top."""
    forge = Memory()
    forge.say("person", "hello")
    posted = publish(forge, draft(), lambda _: None)
    assert (posted.action, posted.url) == ("created", "u/2")
    assert forge.keys() == [("bot", "orders")]


def test_a_later_run_updates() -> None:
    """The comment that is there gets the new text; there is still one."""
    forge = Memory()
    publish(forge, draft(10, "first"), lambda _: None)
    posted = publish(forge, draft(11, "second"), lambda _: None)
    assert posted.action == "updated"
    assert [one.body.endswith("second") for one in forge.kept.values()] == [True]


def test_the_same_text_is_not_sent_again() -> None:
    """Publishing a run twice writes once."""
    forge = Memory()
    publish(forge, draft(), lambda _: None)
    posted = publish(forge, draft(), lambda _: None)
    assert (posted.action, posted.reason) == ("skipped", "the comment says so already")
    assert "update" not in forge.calls


def test_what_somebody_edited_is_mended() -> None:
    """A digest that fits is not believed when the text below it is another."""
    forge = Memory()
    forge.say("bot", body(10).replace("report", "all is well"))
    assert publish(forge, draft(11, "new"), lambda _: None).action == "updated"


def test_an_older_run_does_not_overwrite_a_newer() -> None:
    """Run 9 finishing after run 10 changes nothing."""
    forge = Memory()
    forge.say("bot", body(10, "new"))
    posted = publish(forge, draft(9, "old"), lambda _: None)
    assert posted.action == "skipped"
    assert "newer" in posted.reason
    assert forge.kept[1].body.endswith("new")


def test_a_person_who_quotes_the_marker_is_left_alone() -> None:
    """Only what we wrote ourselves is ours, however well it is imitated."""
    forge = Memory()
    forge.say("person", body(10))
    forge.say("old-bot", body(9), machine=True)
    publish(forge, draft(11), lambda _: None)
    assert [one.author for one in forge.kept.values()] == ["person", "old-bot", "bot"]
    assert forge.kept[1].body == body(10)


def test_without_a_name_no_person_is_us() -> None:
    """Where the forge does not say who we are, machines' comments with our marker are ours."""
    forge = Memory()
    forge.known = False
    forge.say("person", body(10))
    forge.say("bot", body(9), machine=True)
    assert publish(forge, draft(11, "new"), lambda _: None).action == "updated"
    assert forge.kept[1].body == body(10)


def test_keys_are_apart() -> None:
    """Matrix legs and services of one repository do not overwrite one another."""
    forge = Memory()
    publish(forge, draft(key="orders/a"), lambda _: None)
    publish(forge, draft(key="orders/b"), lambda _: None)
    publish(forge, draft(11, key="orders/a"), lambda _: None)
    assert sorted(forge.keys()) == [("bot", "orders/a"), ("bot", "orders/b")]


@pytest.mark.parametrize(
    ("mode", "worth_saying", "there", "action"),
    [
        ("changes", False, False, "skipped"),
        ("changes", True, False, "created"),
        ("changes", False, True, "updated"),
        ("always", False, False, "created"),
        ("never", True, False, "skipped"),
        ("never", True, True, "skipped"),
    ],
)
def test_when_there_is_a_comment(mode: str, worth_saying: bool, there: bool, action: str) -> None:
    """`changes` begins a comment only for a change, and brings one that is there up to date."""
    forge = Memory()
    if there:
        forge.say("bot", body(9, "earlier"))
    posted = publish(forge, draft(mode=mode, worth_saying=worth_saying), lambda _: None)
    assert posted.action == action
    assert bool(posted.reason) == (action == "skipped")


def test_duplicates_are_folded() -> None:
    """The lowest id is kept and has the newest text; the others are removed."""
    forge = Memory()
    for run in (8, 9, 10):
        forge.say("bot", body(run))
    publish(forge, draft(11, "new"), lambda _: None)
    assert list(forge.kept) == [1]
    assert forge.kept[1].body.endswith("new")


def test_a_create_without_an_answer_is_not_done_twice() -> None:
    """After a 502 the comment is looked for before it is written again."""
    forge = Memory()
    forge.errors["create"] = [ForgeError("busy", "502", unsure=True)]
    assert publish(forge, draft(), lambda _: None).action == "created"
    assert len(forge.kept) == 1
    assert forge.calls.count("create") == 1


def test_a_create_that_did_not_happen_is_tried_again() -> None:
    """A few times, with growing pauses, and then it is trouble."""
    forge = Memory()
    busy = ForgeError("busy", "429")
    forge.errors["create"] = [busy, busy]
    pauses: list[float] = []
    assert publish(forge, draft(), pauses.append).action == "created"
    assert pauses == [1.0, 2.0]
    forge = Memory()
    forge.errors["create"] = [busy] * 9
    with pytest.raises(ForgeError):
        publish(forge, draft(), pauses.append)
    assert forge.calls.count("create") == TRIES
    assert forge.kept == {}


@pytest.mark.parametrize("kind", ["permission", "refused", "broken"])
def test_what_cannot_get_better_is_not_repeated(kind: str) -> None:
    """Without permission nothing is tried twice."""
    forge = Memory()
    forge.errors["create"] = [ForgeError(kind, "no")]  # type: ignore[arg-type]  # it is a kind
    with pytest.raises(ForgeError):
        publish(forge, draft(), lambda _: None)
    assert forge.calls.count("create") == 1


@pytest.mark.parametrize(("mine", "other"), [(10, 11), (11, 10)])
@pytest.mark.parametrize("first", [True, False])
def test_two_writers_end_with_one_comment(mine: int, other: int, first: bool) -> None:
    """Two runs that see no comment and both create one: one is left, with the newer text."""
    forge = Memory()

    def interfere() -> None:
        forge.after_create = lambda: None
        second = publish(forge, draft(other, f"text {other}"), lambda _: None)
        assert second.action in ("created", "updated", "skipped")

    if first:
        # The other one wrote between our listing and our create.
        listed = forge.comments

        def comments() -> object:
            found = listed()
            forge.comments = listed  # type: ignore[method-assign]  # once is enough
            publish(forge, draft(other, f"text {other}"), lambda _: None)
            return found

        forge.comments = comments  # type: ignore[method-assign,assignment]  # that is the race
    else:
        forge.after_create = interfere
    publish(forge, draft(mine, f"text {mine}"), lambda _: None)
    assert len(forge.kept) == 1
    assert next(iter(forge.kept.values())).body.endswith("text 11")


def test_a_duplicate_that_cannot_be_removed_is_left() -> None:
    """Folding is tidiness: failing at it fails nothing."""
    forge = Memory()
    forge.say("bot", body(8))
    forge.say("bot", body(9))
    forge.errors["remove"] = [ForgeError("permission", "403")]
    assert publish(forge, draft(11, "new"), lambda _: None).action == "updated"
    assert len(forge.kept) == 2


def test_who_sees_a_newer_duplicate_leaves_folding_to_its_writer() -> None:
    """An older run removes nothing that the newer one may be about to write into."""
    forge = Memory()
    forge.say("bot", body(9))
    forge.say("bot", body(11))
    step = decide(draft(10), forge.comments(), "bot")
    assert (step.action, step.remove) == ("skip", ())
    assert [comment.id for comment, _ in ours(forge.comments(), "bot", "orders")] == [1, 2]
