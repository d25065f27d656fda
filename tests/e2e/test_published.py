"""Published services with state of their own, that nobody here wrote: installed, recorded, learned,
and gated. `scripts/published` does the same with the full counts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).with_name("published")))
harness = __import__("harness")
sys.path.pop(0)

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=harness.SERVICES)
def bench(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service, recorded and learned; skipped, with the reason, where it cannot be installed."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(harness.HERE))
        service = harness.load(request.param)
    try:
        made = harness.Bench(service, folder)
        recorded = made.record()
    except harness.Unavailable as error:
        pytest.skip(f"{request.param}: {error}")
    assert recorded.code == 0, recorded.text
    learned = made.learn()
    assert learned.code == 0, learned.text
    return made


def test_unchanged_it_passes(bench: Any) -> None:
    """And every request was replayed."""
    done = bench.run()
    assert done.code == 0, done.text
    counts = bench.result()["runs"][0]["counts"]
    assert counts["answered"] == counts["total"] >= 30


@pytest.mark.parametrize("bench", harness.QUICK, indirect=True)
def test_in_a_month_on_a_busy_machine_it_passes(bench: Any) -> None:
    """The machine's clock is a month ahead, and other processes load every core."""
    with harness.busy():
        done = bench.in_a_month()
    assert done.code == 0, done.text


def test_its_regressions_are_red(bench: Any) -> None:
    """Each change of the service is seen, and a cause names the route it shows at."""
    quick = bench.service.name in harness.QUICK
    for one in bench.service.regressions[: None if quick else 1]:
        done = bench.regressed(one)
        assert done.code == 1, f"{one.name}: {done.text}"
        causes = [cause for cause in bench.result("regressed")["causes"] if not cause.get("notice")]
        routes = {route for cause in causes for route in cause["routes"]}
        assert one.where in routes, f"{one.name}: {done.text}"
