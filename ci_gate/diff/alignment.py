"""Which items of two arrays belong together, so that one inserted item is one difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Same = Callable[[object, object, int], bool]
"""(expected item, actual item, index of the expected item) -> nothing differs between them."""

Step = tuple[int, int]
"""(index of the expected item or -1, index of the actual item or -1)."""

EDITS = 64
"""Insertions and deletions that are searched for; beyond that items pair up by position."""
_BLOCK = 16
"""Replaced runs up to this long pair up by likeness; longer ones by position."""


def align(
    expected: Sequence[object], actual: Sequence[object], same: Same, *, search: bool = True
) -> list[Step]:
    """Pairs, removals and additions in order; most pairs of equal items are left out.

    Equal ends are cut off first, so that a single insertion or deletion is found whatever the
    length; then the shortest edit (Myers 1986, O(ND)) up to `EDITS`; then what was replaced pairs
    up by likeness. The cost is bounded by (N + M) + EDITS squared comparisons. With `search` False
    what is between the ends pairs up by position at once.
    """
    start, stop = 0, min(len(expected), len(actual))
    while start < stop and same(expected[start], actual[start], start):
        start += 1
    end, other = len(expected), len(actual)
    while end > start and other > start and same(expected[end - 1], actual[other - 1], end - 1):
        end -= 1
        other -= 1
    if end == start or other == start:
        return [(i, -1) for i in range(start, end)] + [(-1, j) for j in range(start, other)]
    if end - start == 1 and other - start == 1:
        return [(start, start)]
    if not search:
        return _by_position((start, end), (start, other))
    matches = _shortest(expected, actual, same, start, end, other)
    steps: list[Step] = []
    at, to = start, start
    for i, j in [*matches, (end, other)]:
        steps.extend(_replaced(expected, actual, (at, i), (to, j)))
        at, to = i + 1, j + 1
    return steps


def _shortest(
    expected: Sequence[object],
    actual: Sequence[object],
    same: Same,
    start: int,
    end: int,
    other: int,
) -> list[Step]:
    """Equal pairs on a shortest edit path, [] when that is longer than `EDITS`."""
    n, m = end - start, other - start
    reach = {1: 0}
    trail: list[dict[int, int]] = []
    for edits in range(min(n + m, EDITS) + 1):
        trail.append(dict(reach))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
            x = reach[k + 1] if down else reach[k - 1] + 1
            while (
                0 <= x - k < m
                and x < n
                and same(expected[start + x], actual[start + x - k], start + x)
            ):
                x += 1
            reach[k] = x
            if x >= n and x - k >= m:
                return _back(trail, n, m, start)
    return []


def _back(trail: list[dict[int, int]], n: int, m: int, start: int) -> list[Step]:
    matches: list[Step] = []
    x, y = n, m
    for edits in range(len(trail) - 1, -1, -1):
        reach = trail[edits]
        k = x - y
        down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
        before = k + 1 if down else k - 1
        from_x = reach[before]
        from_y = from_x - before
        while x > from_x and y > from_y and x > 0 and y > 0:
            x, y = x - 1, y - 1
            matches.append((start + x, start + y))
        x, y = from_x, from_y
    matches.reverse()
    return matches


def _replaced(
    expected: Sequence[object],
    actual: Sequence[object],
    span: tuple[int, int],
    other: tuple[int, int],
) -> list[Step]:
    """A run of expected items against the run of actual items in its place."""
    (a, b), (c, d) = span, other
    if a == b or c == d or b - a == d - c or b - a > _BLOCK or d - c > _BLOCK:
        return _by_position(span, other)
    like = [[likeness(expected[i], actual[j]) for j in range(c, d)] for i in range(a, b)]
    return [
        (i + a if i >= 0 else -1, j + c if j >= 0 else -1) for i, j in _best(like, b - a, d - c)
    ]


def _by_position(span: tuple[int, int], other: tuple[int, int]) -> list[Step]:
    (a, b), (c, d) = span, other
    common = min(b - a, d - c)
    return (
        [(a + k, c + k) for k in range(common)]
        + [(i, -1) for i in range(a + common, b)]
        + [(-1, j) for j in range(c + common, d)]
    )


def likeness(expected: object, actual: object) -> float:
    """0 to 1: how much of two items is equal, one level deep."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        shared = expected.keys() & actual.keys()
        equal = sum(1 for key in shared if expected[key] == actual[key])
        return (0.1 * len(shared) + equal) / (1.1 * max(len(expected), len(actual), 1)) + 0.01
    if expected == actual:
        return 1.0
    return 0.01 if type(expected) is type(actual) else 0.0


def _best(like: list[list[float]], n: int, m: int) -> list[Step]:
    """The order-keeping pairing with the most likeness, which pairs as many as there can be."""
    score = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            # Every pair counts a little, so that no item is called removed while one is added.
            pair = 0.5 + like[i][j] + score[i + 1][j + 1]
            score[i][j] = max(pair, score[i + 1][j], score[i][j + 1])
    steps: list[Step] = []
    i = j = 0
    while i < n and j < m:
        if score[i][j] == 0.5 + like[i][j] + score[i + 1][j + 1]:
            steps.append((i, j))
            i, j = i + 1, j + 1
        elif score[i][j] == score[i + 1][j]:
            steps.append((i, -1))
            i += 1
        else:
            steps.append((-1, j))
            j += 1
    steps.extend((k, -1) for k in range(i, n))
    steps.extend((-1, k) for k in range(j, m))
    return steps
