"""One small recording of each format that can be imported, made up."""

from __future__ import annotations

import json
from pathlib import Path

from tests.store.formats import (
    test_goreplay,
    test_har,
    test_keploy,
    test_mitmproxy,
    test_postman,
    test_proxymock,
    test_wiremock,
)


def har(folder: Path) -> Path:
    """Two entries, one with a body."""
    data = {"mimeType": "application/json", "text": '{"a": "jane.doe@corp.example"}'}
    post = test_har.entry(request={"method": "POST", "postData": data})
    return test_har.har(folder, test_har.entry(), post)


def proxymock(folder: Path) -> Path:
    """A pair in Markdown and one in JSON."""
    test_proxymock.written(folder, json.dumps(test_proxymock.PAIR), "pay.example/two.json")
    return test_proxymock.written(folder, test_proxymock.markdown())


def keploy(folder: Path) -> Path:
    """A test with an HTTP mock and PostgreSQL ones, older and newer."""
    mock = test_keploy.MOCK.format(kind="Http", name="mock-0", type="HTTP_CLIENT")
    postgres = """version: api.keploy.io/v1beta1
kind: Postgres
name: mock-1
spec:
    postgresrequests: [{header: [Q], query: {string: SELECT n FROM t}}]
    postgresresponses:
        - header: [T, D, C, Z]
          row_description: {fields: [{field_name: n, table_oid: 0, data_type_oid: 23, data_type_size: 4}]}
          data_row: [{row_values: ["1"]}]
          command_complete: [{command_tag_type: SELECT 1}]
          ready_for_query: {txstatus: 73}
connectionId: "0"
"""
    query = """version: api.keploy.io/v1beta1
kind: PostgresV3
name: mock-2
spec:
    metadata: {destAddr: "db:5432"}
    postgresV3:
        type: query
        query:
            sqlNormalized: select n, at from t where n = $1
            paramOids: [23]
            bindValues: [1]
            response:
                rowDescription: [{name: n, typeOid: 23}, {name: at, typeOid: 1184}]
                rows: [[1, 2026-01-02T03:04:05Z], [null, !!binary AAE=]]
                commandComplete: SELECT 2
"""
    mapping = "kind: TestMocksMapping\ntests: [{id: test-1, mocks: 'mock-0'}]\n"
    return test_keploy.recorded(folder, mock, postgres, query, mapping=mapping)


def goreplay(folder: Path) -> Path:
    """A request with its response, and one without."""
    record = test_goreplay.record
    return test_goreplay.written(
        folder,
        record(1, test_goreplay.GET),
        record(2, test_goreplay.OK),
        record(
            1,
            b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            b"b",
        ),
    )


def wiremock(folder: Path) -> Path:
    """A stub with matchers, and one with a file."""
    asked = {
        "method": "PUT",
        "headers": {"A": {"contains": "b"}},
        "bodyPatterns": [{"equalTo": "x"}],
    }
    stub = test_wiremock.stub
    return test_wiremock.written(
        folder, stub(asked, jsonBody={"b": 2}), stub({}, bodyFileName="b.bin")
    )


def mitmproxy(folder: Path) -> Path:
    """Two flows."""
    return test_mitmproxy.written(
        folder, test_mitmproxy.FLOW, test_mitmproxy.FLOW | {"response": None}
    )


def postman(folder: Path) -> Path:
    """A folder, a saved response, a form and a name."""
    saved = {"code": 200, "header": [{"key": "A", "value": "b"}], "body": "{}"}
    form = {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "{{v}}"}]}
    post = {"method": "POST", "url": {"raw": "x", "host": ["h"], "path": [":id"]}, "body": form}
    items = [
        {"name": "f", "item": [test_postman.item("http://h/1", saved)]},
        test_postman.item(post),
    ]
    return test_postman.written(folder, *items, variable=[{"key": "v", "value": "1"}])


MADE = {
    "har": har,
    "proxymock": proxymock,
    "keploy": keploy,
    "goreplay": goreplay,
    "wiremock": wiremock,
    "mitmproxy": mitmproxy,
    "postman": postman,
}
