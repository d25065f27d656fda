"""What turns one number into another: rounding, sign, spelling, a step, a factor."""

from __future__ import annotations

import decimal
import re
from decimal import Decimal

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_LONGEST = 40
_EXACT = Decimal(2**53)
_WHOLE = Decimal(2**64)
_NEAR = Decimal("1e-9")
_CONTEXT = decimal.Context(prec=60, Emax=999, Emin=-999, traps=[])
_MOST_PLACES = 8
_TO_NEAREST = (decimal.ROUND_HALF_UP, decimal.ROUND_HALF_EVEN, decimal.ROUND_HALF_DOWN)
"""A half goes either way: 9.95 is a little less than that in binary, and is rounded to 9.9."""


def is_number_text(text: str) -> bool:
    """True for a text that is written as JSON writes a number, and is no longer than numbers are."""
    return 0 < len(text) <= _LONGEST and _NUMBER.fullmatch(text) is not None


def number_transforms(expected: str, actual: str) -> tuple[str, ...]:
    """Every claim that turns one number, by its lexeme, into another, the most telling first."""
    if not (is_number_text(expected) and is_number_text(actual)) or expected == actual:
        return ()
    before, after = _CONTEXT.create_decimal(expected), _CONTEXT.create_decimal(actual)
    if not (before.is_finite() and after.is_finite()):
        return ()
    if before == after:
        return _respelled(expected, actual)
    if not after:
        return ("became 0", *_roundings(before, after), *_steps(before, after))
    found = ["sign flipped"] if before == -after else []
    found += _precision(before, after)
    found += _roundings(before, after)
    found += _steps(before, after)
    return tuple(found)


def _respelled(expected: str, actual: str) -> tuple[str, ...]:
    """The same number, written otherwise."""
    whole, other = (not set(text) & set(".eE") for text in (expected, actual))
    if whole and not other:
        return ("whole number written with a fraction", "number written otherwise")
    if other and not whole:
        return ("fraction of a whole number left out", "number written otherwise")
    return ("number written otherwise",)


def _precision(before: Decimal, after: Decimal) -> list[str]:
    """A number that went through a floating-point variable."""
    integral = before == before.to_integral_value() and after == after.to_integral_value()
    if integral and _EXACT < abs(before) < _WHOLE and Decimal(int(float(before))) == after:
        return ["lost precision above 2^53"]
    if not integral and abs(before - after) <= abs(before) * _NEAR:
        return ["inexact by floating-point arithmetic"]
    return []


def _roundings(before: Decimal, after: Decimal) -> list[str]:
    """ "rounded to 2 places", "cut to 2 places", "rounded up", "rounded down"."""
    found = []
    places = min(_places(before), _MOST_PLACES + 1)
    for kept in range(_places(after), places):
        step = Decimal(1).scaleb(-kept)
        if any(_to(before, step, way) == after for way in _TO_NEAREST):
            found.append(f"rounded to {kept} places" if kept != 1 else "rounded to 1 place")
        if _to(before, step, decimal.ROUND_DOWN) == after:
            found.append(f"cut to {kept} places" if kept != 1 else "cut to 1 place")
    if places > 0:
        one = Decimal(1)
        if _to(before, one, decimal.ROUND_CEILING) == after:
            found.append("rounded up")
        if _to(before, one, decimal.ROUND_FLOOR) == after:
            found.append("rounded down")
    return [one.replace("0 places", "a whole number") for one in found]


def _to(number: Decimal, step: Decimal, rounding: str) -> Decimal | None:
    try:
        return number.quantize(step, rounding=rounding)
    except decimal.InvalidOperation:
        return None


def _places(number: Decimal) -> int:
    """Digits after the point, zeros at the end left aside."""
    exponent = number.normalize(_CONTEXT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _steps(before: Decimal, after: Decimal) -> list[str]:
    """ "off by one", "increased by 5", "multiplied by 100"."""
    found = []
    step = _CONTEXT.subtract(after, before)
    if abs(step) == 1 and before == before.to_integral_value():
        found.append("off by one")
    found.append(f"{'increased' if step > 0 else 'decreased'} by {_plain(abs(step))}")
    if before and after and abs(before) != abs(after):
        larger = abs(after) > abs(before)
        ratio = _CONTEXT.divide(after, before) if larger else _CONTEXT.divide(before, after)
        exact = _CONTEXT.multiply(ratio, before if larger else after) == (
            after if larger else before
        )
        if exact and len(_plain(ratio)) <= 6:
            found.append(f"{'multiplied' if larger else 'divided'} by {_plain(ratio)}")
    return found


def _plain(number: Decimal) -> str:
    text = format(number.normalize(_CONTEXT), "f")
    return text if len(text) <= 20 else str(number.normalize(_CONTEXT))
