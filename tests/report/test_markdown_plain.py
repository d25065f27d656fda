"""Our Markdown without HTML."""

from __future__ import annotations

from ci_gate.model.result import Result
from ci_gate.report.markdown import render
from ci_gate.report.markdown_plain import without_html

FOLD = """<details open><summary>C1 <code>a&lt;b`c</code>: &amp; more</summary>

text

```diff
<details><summary>not ours</summary>
</details>
<sub>x</sub>
```

</details>

```mermaid
pie
```

<sub>small</sub>
"""


def test_elements_become_lines() -> None:
    """Folds become headings, small print plain; fences are left as they are, charts left out."""
    assert without_html(FOLD) == (
        "**C1 ``a<b`c``: &amp; more**\n\ntext\n\n"
        "```diff\n<details><summary>not ours</summary>\n</details>\n<sub>x</sub>\n```\n\nsmall\n"
    )


def test_a_longer_fence_is_closed_by_its_own_run() -> None:
    """Backticks inside a fence do not end it."""
    text = "````\n```\n</details>\n````\n</details>\nend"
    assert without_html(text) == "````\n```\n</details>\n````\nend"


def test_nothing_is_lost(results: dict[str, Result]) -> None:
    """Every command of a report is still there."""
    text = render(results["fail"])
    assert without_html(text).count("ci-gate run --only") == text.count("ci-gate run --only")
    assert "<" not in without_html(render(results["pass"])).replace("&lt;", "")
