"""Opened places: what may stand there."""

from __future__ import annotations

import pytest

from ci_gate.diff.masks import NO_MASKS, Masks, number_in


def test_first_rule_that_holds_is_named() -> None:
    """Several rules may cover a place; the one that lets the value pass is the one that is used."""
    masks = Masks((("response.body.$.a", "uuid", 1), ("response.body.$.*", "integer", 2)))
    assert masks.allows("response.body.$.a", 7) == 2
    assert masks.allows("response.body.$.a", "x") == 0
    assert masks.allows("response.body.$.b", "x") == 0
    assert masks.allows("response.status", 7) == 0


def test_type_must_stay_unless_the_kind_is_about_it() -> None:
    """A kind holds for values of the recorded type; null, empty and any say so themselves."""
    place = "response.body.$.a"
    assert not Masks(((place, "timestamp", 1),)).allows(
        place, "2026-01-01T00:00:00Z", same_type=False
    )
    assert Masks(((place, "null", 1),)).allows(place, None, same_type=False)
    assert Masks(((place, "any", 1),)).allows(place, [1], same_type=False)


def test_only_any_opens_to_anything() -> None:
    """Presence and containers are excused by "any" alone."""
    place = "response.body.$.a"
    assert Masks(((place, "any", 3),)).opens(place) == 3
    assert Masks(((place, "string", 3),)).opens(place) == 0
    assert Masks(((place, "string", 3),)).names(place)


def test_uses_are_told_unless_quiet() -> None:
    """A comparison that is only tried counts no use."""
    told: list[int] = []
    masks = Masks((("response.a", "any", 5),), lambda index, place, texts: told.append(index))
    masks.used(5, "response.a", lambda: ("", ""))
    masks.quiet().used(5, "response.a", lambda: ("", ""))
    assert told == [5]
    assert masks.quiet() is masks.quiet()
    assert masks.quiet().opened == (("response.a", "any"),)
    assert not NO_MASKS
    assert masks


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("-7", -7), ("1.5", 1.5), ("07", "07"), ("", ""), ("1" * 40, "1" * 40)],
)
def test_numbers_in_texts(text: str, value: object) -> None:
    """Outside JSON, digits that JSON would write so are a number."""
    assert number_in(text) == value


def test_memory_is_bounded() -> None:
    """Places without end do not fill the memory."""
    masks = Masks((("response.body.$[*].a", "integer", 1),))
    for number in range(25_000):
        assert masks.allows(f"response.body.$[{number}].a", 1) == 1
    assert len(masks._cache) <= 10_000
