"""What a run keeps of what it saw, and how it tells it: coverage, masking, reports, tables."""

from __future__ import annotations

import enum
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from conformance.coverage import Coverage, Point
from conformance.document import operations
from conformance.endpoints import named
from conformance.findings import Finding, Order, Result, Round
from conformance.masking import MASK, Masking
from conformance.model import secret_names
from conformance.reports import write_reports
from conformance.sending import Digest
from conformance.tables import grouped, table

_THING = {"$ref": "#/components/schemas/T"}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/things/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "schema": {"type": "string", "maxLength": 3}}
            ],
            "get": {
                "operationId": "getThing",
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/T"}}
                        }
                    },
                    "4XX": {"description": "No."},
                },
            },
        }
    },
    "components": {
        "schemas": {
            "T": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "format": "password"},
                    "parts": {"type": "array", "items": _THING},
                    "note": {"type": ["string", "null"], "minLength": 1},
                },
            }
        }
    },
}


class TestCoverage:
    def test_keywords_met_and_violated(self) -> None:
        coverage = Coverage(DOCUMENT)
        place = Point("getThing", "path id", "$", "maxLength")
        for value in ("a", "abcd", 5):
            coverage.sent("getThing", "path id", value)
        assert (coverage.met[place], coverage.violated[place]) == (2, 1)
        kind = place._replace(keyword="type")
        assert (coverage.met[kind], coverage.violated[kind]) == (2, 1)
        assert place in coverage.request_points()

    def test_present_absent_null_and_what_is_within(self) -> None:
        coverage = Coverage(DOCUMENT)
        coverage.answered("getThing", 200, {"name": "n", "note": None, "parts": [{"name": 5}]})

        def point(path: str, keyword: str) -> Point:
            return Point("getThing", "200", path, keyword)

        assert coverage.met[point("$.note", "present")] == 1
        assert coverage.met[point("$.note", "absent")] == 0
        assert coverage.met[point("$.note", "type")] == 1
        assert coverage.violated[point("$.parts[].name", "type")] == 1
        assert coverage.met[point("$.parts[].note", "absent")] == 1
        assert point("$.note", "type") in coverage.answer_points()

    def test_statuses_by_name_range_and_not_at_all(self) -> None:
        coverage = Coverage(DOCUMENT)
        for status in (200, 404, 404, 503):
            coverage.answered("getThing", status, None)
        assert coverage.statuses == Counter({("getThing", "200"): 1, ("getThing", "4XX"): 2})

    def test_the_older_dialect(self) -> None:
        schema = {"type": "number", "nullable": True, "minimum": 1, "exclusiveMinimum": True}
        parameter = {"name": "n", "in": "query", "schema": schema}
        operation = {"operationId": "a", "parameters": [parameter], "responses": {}}
        coverage = Coverage({"openapi": "3.0.3", "paths": {"/": {"get": operation}}})
        for value in (None, 1, 2):
            coverage.sent("a", "query n", value)
        exclusive = Point("a", "query n", "$", "exclusiveMinimum")
        assert (coverage.met[exclusive], coverage.violated[exclusive]) == (2, 1)

    def test_values_that_generators_mark(self) -> None:
        class Marked(str):
            __slots__ = ()

        class Kind(enum.Enum):
            A = "a"

        coverage = Coverage(DOCUMENT)
        for value in (Marked("a"), b"a", Kind.A):
            coverage.sent("getThing", "path id", value)
        assert coverage.met[Point("getThing", "path id", "$", "type")] == 3


class TestMasking:
    def test_secrets_anywhere_in_a_value_are_cut(self) -> None:
        masking = Masking(frozenset({"otp", "token"}), ["the-key"])
        masking.learn({"a": [{"otp": "otp-123456"}, {"b": {"token": "otp-123456-and-more"}}]})
        told = masking.cut("the-key, otp-123456, otp-123456-and-more; plain")
        assert told == f"{MASK}, {MASK}, {MASK}; plain"

    def test_short_words_and_what_is_no_secret_stay(self) -> None:
        masking = Masking(frozenset({"otp"}), [])
        masking.learn({"otp": "short", "id": "an-identifier"})
        assert masking.cut("short an-identifier") == "short an-identifier"

    def test_passwords_are_found_at_any_depth(self) -> None:
        schemas: dict[str, Any] = {
            "A": {"properties": {"b": {"items": {"properties": {"c": _PASSWORD}}}}}
        }
        document = {
            "components": {
                "schemas": {**schemas, "D": {"allOf": [{"properties": {"e": _PASSWORD}}]}}
            }
        }
        assert secret_names(document) == {"c", "e"}


_PASSWORD = {"type": "string", "format": "password"}


class TestReports:
    def result(self, *findings: Finding) -> Result:
        done = Round("sync", seconds={"fuzzing": 1.0})
        order = Order("spec.yaml", 1, 2)
        return Result("a server", order, Coverage(DOCUMENT), [done], findings=list(findings))

    def test_what_xml_cannot_write_is_replaced(self, tmp_path: Path) -> None:
        finding = Finding("sync", "fuzzing", "getThing", "a check", "a\x00b\ud800c\x1b<&>\ufffe")
        junit, summary = write_reports(self.result(finding), tmp_path)
        root = ElementTree.parse(junit).getroot()  # noqa: S314 - our own
        (failure,) = root.iter("failure")
        assert failure.text == "a\ufffdb\ufffdc\ufffd<&>\ufffd"
        assert "## getThing: a check" in summary.read_text(encoding="utf-8")

    def test_what_belongs_to_no_operation_has_a_case_too(self, tmp_path: Path) -> None:
        finding = Finding("sync", "probing", "the document", "an answer", "none came")
        root = ElementTree.parse(write_reports(self.result(finding), tmp_path)[0]).getroot()  # noqa: S314
        (suite,) = root
        assert (suite.get("tests"), suite.get("failures")) == ("2", "1")

    def test_a_fence_in_a_message_does_not_end_the_block(self, tmp_path: Path) -> None:
        finding = Finding("sync", "fuzzing", "getThing", "a check", "x\n```\ny")
        text = write_reports(self.result(finding), tmp_path)[1].read_text(encoding="utf-8")
        assert "x\n'''\ny" in text


class TestTables:
    def test_findings_of_one_kind_are_one(self) -> None:
        one = Finding("sync", "fuzzing", "getThing", "a check", "said\nin detail")
        same = Finding("async", "walks", "getThing", "a check", "said\nin other words")
        other = Finding("sync", "fuzzing", "getThing", "another", "said")
        assert grouped([one, same, other]) == [(one, 2), (other, 1)]

    def test_columns_are_in_line(self) -> None:
        assert table([["a", "bb"], ["ccc", "1"]]) == ["a    bb", "ccc   1"]


def test_a_fingerprint_leaves_out_what_divides_a_form() -> None:
    def digest(boundary: str, text: str) -> str:
        found = Digest()
        body = f"--{boundary}\r\n\r\n{text}\r\n--{boundary}--\r\n".encode()
        found.add("POST", "/", "", body)
        return str(found)

    assert digest("0" * 32, "a") == digest("f" * 32, "a")
    assert digest("0" * 32, "a") != digest("0" * 32, "b")


def test_an_operation_without_an_id_gets_the_packages() -> None:
    document: dict[str, Any] = {
        "paths": {"/a/{b}": {"get": {"responses": {}}, "put": {"operationId": "putA"}}}
    }
    names = [operation["operationId"] for _, _, operation, _ in operations(named(document))]
    assert names == ["get_a_b", "putA"]
    assert "operationId" not in document["paths"]["/a/{b}"]["get"]
