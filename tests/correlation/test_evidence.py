"""Which tokens were bad when they were recorded."""

from __future__ import annotations

import pytest

from ci_gate.correlation.evidence import broken_tokens
from ci_gate.correlation.identity import recorded_tokens
from ci_gate.model.exchange import Exchange
from tests.correlation.tokens import START, asked, parts_of, recording, token, told

TOKEN = token()
AT = "request.headers.authorization"


def broken(*exchanges: Exchange) -> set[str]:
    """What a run leaves bad of these."""
    snapshot = recording(*exchanges)
    return broken_tokens(snapshot, recorded_tokens(snapshot), START, parts_of)


def test_what_the_recorder_verified_wins() -> None:
    """A good token that was refused is signed, a bad one that was taken is not."""
    assert broken(asked("i1", TOKEN, 401, signed={AT: True})) == set()
    assert broken(asked("i1", TOKEN, 200, signed={AT: False})) == {TOKEN}
    # One that verified at one time and not at another.
    both = asked("i1", TOKEN, signed={AT: True}), asked("i2", TOKEN, signed={AT: False})
    assert broken(*both) == {TOKEN}


def test_what_a_provider_sent_may_be_bad() -> None:
    """A token in an answer of a dependency, by its place."""
    place = "response.body.$.id_token"
    answer = told({"id_token": TOKEN, "other": token(sub="b")}, "o2", signed={place: False})
    assert broken(answer) == {TOKEN}


@pytest.mark.parametrize("status", [401, 403, 400, 422])
def test_a_token_that_was_only_refused_is_bad(status: int) -> None:
    """It was not out of date, and nothing ever took it."""
    assert broken(asked("i1", TOKEN, status)) == {TOKEN}


@pytest.mark.parametrize("status", [200, 204, 301, 404, 409, 500])
def test_other_answers_do_not_speak_of_the_token(status: int) -> None:
    """Taken, or refused for something else."""
    assert broken(asked("i1", TOKEN, status)) == set()


@pytest.mark.parametrize("at", [290_000.0, 400_000.0])
def test_out_of_date_is_reason_enough(at: float) -> None:
    """A token refused when it had expired is signed: only its time is wrong."""
    assert broken(asked("i1", TOKEN, 401, at=at)) == set()


def test_not_yet_valid_is_reason_enough() -> None:
    """So is one refused before its time."""
    assert broken(asked("i1", token(nbf=START + 100), 401)) == set()


def test_a_revoked_token_is_good() -> None:
    """The same route took it before: what changed is not the token."""
    assert broken(asked("i1", TOKEN), asked("i2", TOKEN, 401, at=9.0)) == set()


def test_a_bad_token_at_a_route_that_does_not_look() -> None:
    """401 from a route that never took it, though another did."""
    elsewhere = asked("i1", TOKEN, route="GET /public")
    assert broken(elsewhere, asked("i2", TOKEN, 401)) == {TOKEN}


def test_what_a_token_is_not_allowed_to_do() -> None:
    """403 and the like say nothing bad of a token that some route takes."""
    elsewhere = asked("i1", TOKEN, route="GET /mine")
    for status in (400, 403, 422):
        assert broken(elsewhere, asked("i2", TOKEN, status)) == set()
