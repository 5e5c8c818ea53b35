"""Error documents of IRIS become problems."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.iris import error_documents as iris_errors
from hub.primitives.http import Headers

JSON: Headers = [("Content-Type", "application/json; charset=utf-8")]
SUMMARY = "エラー #5035: 一般例外 名前 '<UNDEFINED>zReport+3^Clinic.REST.1'"
ERROR = {
    "code": 5035,
    "domain": "%ObjectErrors",
    "error": SUMMARY,
    "id": "GeneralException",
    "params": ["<UNDEFINED>zReport+3^Clinic.REST.1", 5001, "*patient"],
}
REST = {"errors": [ERROR], "summary": SUMMARY}


def problem(document: Any, *, redacted: bool = False) -> dict[str, Any] | None:
    """Return the problem of a document."""
    return iris_errors.problem_of(500, document, redacted=redacted)


def test_rest_error_keeps_its_members() -> None:
    """Code and id are members of their own; what an application read before is still there, in any language."""
    found = problem(REST)
    assert found is not None
    assert (found["type"], found["status"], found["code"], found["id"]) == (iris_errors.IRIS_ERROR, 500, 5035, "GeneralException")
    assert (found["errors"], found["summary"], found["detail"]) == (REST["errors"], SUMMARY, SUMMARY)


@pytest.mark.parametrize(
    ("status", "length", "problem_type"), [(401, 0, "urn:hub:problem:api-refused"), (401, 1, None), (403, 0, None)]
)
def test_empty_refusal(status: int, length: int, problem_type: str | None) -> None:
    """A 401 with nothing in it becomes a problem of a documented type."""
    problem = iris_errors.empty_refusal(status, length)

    assert (problem and problem["type"]) == problem_type


def test_redacted() -> None:
    """No text and no parameter of the original is left."""
    found = problem(REST, redacted=True)
    assert found == {
        "type": iris_errors.IRIS_ERROR,
        "title": "The API reports an error",
        "status": 500,
        "code": 5035,
        "id": "GeneralException",
        "domain": "%ObjectErrors",
    }


def test_envelope_of_the_services_of_iris() -> None:
    """`/api/mgmnt` and its kin put the same into `status`."""
    found = problem({"status": {"errors": [ERROR], "summary": SUMMARY}, "console": [], "result": {}})
    assert found is not None
    assert (found["status"], found["code"], found["summary"], found["console"]) == (500, 5035, SUMMARY, [])


def test_a_redacted_name_is_a_name() -> None:
    """A text in the place of `id` or `domain` is left out like any other."""
    found = problem({"errors": [{**ERROR, "id": "no such patient: Ada", "domain": "x" * 65}], "summary": ""}, redacted=True)
    assert found is not None
    assert set(found) == {"type", "title", "status", "code"}


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"errors": []},
        {"errors": [{"code": "x"}], "summary": ""},
        {"errors": [1], "summary": ""},
        {"errors": [ERROR]},
        7,
        None,
    ],
)
def test_other_documents_are_left_alone(document: Any) -> None:
    """Errors of others look much the same."""
    assert problem(document) is None


JSON_VALUES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["errors", "summary", "status", "code", "id"]), inner),
    max_leaves=10,
)


@given(JSON_VALUES, st.booleans())
def test_any_json(document: Any, redacted: bool) -> None:
    """Whatever comes is either no document, or a problem."""
    found = iris_errors.problem_of(400, document, redacted=redacted)
    assert found is None or found["status"] == 400


@pytest.mark.parametrize(
    ("status", "headers", "length", "expected"),
    [
        (500, JSON, None, True),
        (404, JSON, 100, True),
        (200, JSON, 100, False),
        (500, JSON, 70_000, False),
        (500, JSON, 0, False),
        (500, [("Content-Type", "text/plain")], 10, False),
        (500, [*JSON, ("Content-Encoding", "br")], 10, False),
    ],
)
def test_only_small_json_of_errors_is_read(status: int, headers: Headers, length: int | None, expected: bool) -> None:
    """Everything else streams as ever."""
    assert iris_errors.may_be_document(status, headers, length) is expected
