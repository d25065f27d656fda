"""Stack traces of the languages that services are written in."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.causes.traces import Frame, traces

PYTHON = """orders: ord-1002 paid by ‹email›
Traceback (most recent call last):
  File "/usr/lib/python3.11/socketserver.py", line 691, in process_request_thread
    self.finish_request(request, client_address)
  File "/app/orders/shop.py", line 88, in create
    rate = rates["cheap"]
           ~~~~~^^^^^^^^^
KeyError: 'cheap'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/orders/server.py", line 12, in do_POST
    self.create()
orders.errors.Failed: no rate
orders: next line
"""
NODE = """GET /orders 500
TypeError: Cannot read properties of undefined (reading 'price')
    at cheapest (/app/src/shipping.js:41:23)
    at async Shop.create (file:///app/src/shop.js:17:18)
    at new Order (/app/src/order.js:3:1)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at /app/node_modules/express/lib/router/layer.js:95:5
done
"""
JAVA = """2026-03-01 10:00:00 ERROR [http-1] c.a.Web - failed
java.lang.RuntimeException: cannot create
\tat com.acme.web.Orders.create(Orders.java:20)
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.lang.NullPointerException: rate is null
\tat com.acme.shop.Shop$Rates.cheapest(Shop.java:88)
\tat com.acme.shop.Shop.lambda$create$0(Shop.java:41)
\t... 3 more
"""
GO = """2026/03/01 10:00:00 http: panic serving 127.0.0.1:55000: runtime error: index out of range [3]
goroutine 7 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1898 +0xbe
panic({0x7f, 0x8a})
\t/usr/local/go/src/runtime/panic.go:770 +0x132
acme.example/orders/shop.(*Shop).Create(0xc000, {0x1, 0x2})
\t/src/shop/shop.go:88 +0x1d
created by net/http.(*Server).Serve in goroutine 1
"""
RUBY = """app.rb:12:in `fetch': key not found: "rate" (KeyError)
\tfrom /app/lib/shop.rb:88:in `block in create'
\tfrom /app/config.ru:3:in `<main>'
ready
"""
OLDER = """/app/lib/shop.rb:88:in 'Shop#create': undefined method 'price' for nil (NoMethodError)
"""


@pytest.mark.parametrize(
    ("text", "error", "frames"),
    [
        (PYTHON, "KeyError: 'cheap'",
         [("/app/orders/shop.py", 88, "create"),
          ("/usr/lib/python3.11/socketserver.py", 691, "process_request_thread")]),
        (NODE, "TypeError: Cannot read properties of undefined (reading 'price')",
         [("/app/src/shipping.js", 41, "cheapest"), ("/app/src/shop.js", 17, "Shop.create"),
          ("/app/src/order.js", 3, "Order"),
          ("/app/node_modules/express/lib/router/layer.js", 95, "")]),
        (JAVA, "java.lang.NullPointerException: rate is null",
         [("com/acme/shop/Shop.java", 88, "cheapest"),
          ("com/acme/shop/Shop.java", 41, "lambda$create$0")]),
        (GO, "panic: runtime error: index out of range [3]",
         [("/src/shop/shop.go", 88, "shop.(*Shop).Create")]),
        (RUBY, 'KeyError: key not found: "rate"',
         [("app.rb", 12, "fetch"), ("/app/lib/shop.rb", 88, "block in create"),
          ("/app/config.ru", 3, "<main>")]),
        (OLDER, "NoMethodError: undefined method 'price' for nil",
         [("/app/lib/shop.rb", 88, "Shop#create")]),
    ],
)  # fmt: skip
def test_each_language(text: str, error: str, frames: list[tuple[str, int, str]]) -> None:
    """The exception and its frames, innermost first, wherever the trace stands in the log."""
    found = traces(text.splitlines())[0]
    assert found.error == error
    assert found.frames == tuple(Frame(*one) for one in frames)


def test_several_traces_are_told_apart() -> None:
    """Each has its lines; what stands between them belongs to none."""
    text = PYTHON + NODE
    lines = text.splitlines()
    found = traces(lines)
    assert [one.error.partition(":")[0] for one in found] == [
        "KeyError", "orders.errors.Failed", "TypeError",
    ]  # fmt: skip
    assert lines[found[0].first].startswith("Traceback")
    assert lines[found[0].last] == "KeyError: 'cheap'"


def test_a_real_python_trace() -> None:
    """What this interpreter prints is read, a prefix on every line or not."""
    code = "def f():\n    raise ValueError('a\\nb')\nf()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    for prefix in ("", "[web] "):
        (found,) = traces([prefix + line for line in done.stderr.splitlines()])
        assert found.error.endswith("ValueError: a")
        assert found.frames[0].line == 2


def test_a_message_of_several_lines_keeps_its_name() -> None:
    """The name of the exception stands on the first line of its message."""
    lines = ["Error: connect failed", "  while charging", "    at pay (/app/pay.js:3:1)"]
    assert traces(lines)[0].error == "Error: connect failed"


@pytest.mark.parametrize(
    "text",
    ["at home", "    at 10:30 we leave", "Error: x", "Traceback (most recent call last):",
     "panic: nobody", "file.rb:3: warning", ""],
)  # fmt: skip
def test_what_only_looks_like_a_trace(text: str) -> None:
    """Plain lines, and traces without a frame, are none."""
    assert traces([text, "next line"]) == ()


@given(st.lists(st.text(max_size=300), max_size=30))
def test_any_log(lines: list[str]) -> None:
    """No log makes it fail."""
    traces(lines)


@pytest.mark.parametrize("letter", ["a", "a.", "a b", "/", ".rb:1", "    at a(", "Error: ", "\t"])
def test_hostile_lines_cost_little(letter: str) -> None:
    """Long lines that nearly match are given up in time: bounded patterns, cut lines."""
    import time

    lines = [letter * 20_000, "    at x (/a.js:1:1)"] * 30
    began = time.process_time()
    traces(lines)
    assert time.process_time() - began < 5.0
