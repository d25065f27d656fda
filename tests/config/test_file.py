"""Reading ci-gate.yml: the design's block, every kind of fault, and never a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.config.file import check_honoured, load
from ci_gate.errors import UsageError

FAULTS = Path(__file__).parent / "faults.yml"


def test_the_block_of_the_design_loads(everything: str) -> None:
    """The documented example is a configuration."""
    settings = load(everything).settings
    assert settings.service.command == ("python", "-m", "orders")
    assert settings.rules[0].until == "2027-06-30"
    assert settings.gate.fail_if[1].condition == "latency.p99 > 200"  # type: ignore[union-attr]


def test_no_key_or_value_is_a_boolean_of_yaml_1_1(everything: str) -> None:
    """Read by a YAML 1.1 parser the same block has no booleans: none of our words is one."""
    assert [
        value for value in _scalars(yaml.safe_load(everything)) if isinstance(value, bool)
    ] == []


def _scalars(data: object) -> Iterator[object]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _scalars(value)
    elif isinstance(data, list):
        for value in data:
            yield from _scalars(value)
    else:
        yield data


def test_env_values_stay_as_written() -> None:
    """Numbers and words of a service's environment are text, not what YAML thinks of them."""
    text = "version: 1\nservice: {env: {A: 010, B: on, C: 1.10, D: null, E: '', F: }}"
    assert load(text).settings.service.env == {
        "A": "010", "B": "on", "C": "1.10", "D": "null", "E": "", "F": "",
    }  # fmt: skip


def test_words_of_a_command_stay_as_written() -> None:
    """`--workers, 4` needs no quotes."""
    settings = load("version: 1\nservice: {command: [gunicorn, --workers, 4]}").settings
    assert settings.service.command == ("gunicorn", "--workers", "4")


def test_faults(golden: Callable[[str, str], None]) -> None:
    """Each kind of fault, as people read it: file, line, key, what is allowed."""
    blocks = []
    for text in FAULTS.read_text(encoding="utf-8").split("---\n"):
        try:
            check_honoured(load(text))
            said = "(nothing)"
        except UsageError as error:
            said = str(error)
        blocks.append(f"{text}=> {said.replace(chr(10), chr(10) + '   ')}\n")
    assert "(nothing)" not in "".join(blocks)
    golden("config/faults.txt", "\n".join(blocks))


def test_places_have_lines() -> None:
    """A loaded configuration still knows where everything stands."""
    config = load("version: 1\nservice:\n  env:\n    A: b\n", "x/ci-gate.yml")
    assert config.place("service", "env", "A") == "x/ci-gate.yml:4: service.env.A"
    assert config.line("service", "env") == 3


_KEYS = st.sampled_from(
    ["version", "service", "port", "env", "dependencies", "rules", "at", "where", "reason", "gate",
     "fail_if", "if", "route", "replay", "set", "headers", "ready", "path", "known", "x"]
)  # fmt: skip
_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=12),
    st.sampled_from(["auto", "any", "GET /x", "response.body.$.a", "${payments.url}", "2027-06-30"]),
)  # fmt: skip
_TREES = st.recursive(
    _VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(_KEYS, st.text(max_size=4)), inner)
    ),
    max_leaves=15,
)


@given(st.dictionaries(_KEYS, _TREES, max_size=6))
def test_any_tree_is_a_configuration_or_a_usage_error(tree: dict[str, object]) -> None:
    """Whatever a file says, it is read or refused with a message."""
    tree["version"] = 1
    text = yaml.safe_dump(tree, allow_unicode=True)
    try:
        load(text)
    except UsageError as error:
        assert str(error).startswith("ci-gate.yml")  # noqa: PT017 - either outcome is right
