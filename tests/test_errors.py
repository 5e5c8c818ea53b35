"""One error tree, one problem each (RFC 9457)."""

import inspect
import json
import re
from http import HTTPStatus

import pytest

from hub import errors
from hub.errors import HubError, NotAuthenticated, Problem, SessionEnded


def kinds(base: type[HubError] = HubError) -> list[type[HubError]]:
    """Return `base` and all errors of the module below it."""
    below = [kind for child in base.__subclasses__() if child.__module__ == errors.__name__ for kind in kinds(child)]
    return [base, *below]


EACH_KIND = pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)


@EACH_KIND
def test_problem_members(kind: type[HubError]) -> None:
    """RFC 9457 section 3.1: type is a URN of ours, title and status are those of the kind, detail is this occurrence."""
    problem = kind("It broke.").problem().as_json()

    assert re.fullmatch(r"urn:hub:problem:[a-z]+(-[a-z]+)*", problem["type"])
    assert problem["status"] in set(HTTPStatus)
    assert 400 <= problem["status"] < 600
    assert problem["title"] == kind.title
    assert problem["detail"] == "It broke."
    assert list(problem)[:4] == ["type", "title", "status", "detail"]
    assert json.loads(json.dumps(problem)) == problem


@EACH_KIND
def test_title_is_for_people(kind: type[HubError]) -> None:
    """A title is a short sentence without a full stop, and serves as the message where there is no detail."""
    assert kind.title[0].isupper()
    assert not kind.title.endswith(".")
    assert str(kind()) == kind.title
    assert str(kind("It broke.")) == "It broke."
    assert "detail" not in kind().problem().as_json()


def test_one_error_one_problem() -> None:
    """No two kinds share a type: programs compare it."""
    slugs = [kind.slug for kind in kinds()]

    assert sorted(slugs) == sorted(set(slugs))


def test_types_are_stable() -> None:
    """The types are a contract with applications: one may be added, none renamed."""
    assert {kind.slug: kind.status for kind in kinds()} == {
        "internal-error": 500,
        "bad-request": 400,
        "invalid-path": 400,
        "login-failed": 400,
        "login-expired": 400,
        "not-authenticated": 401,
        "session-ended": 401,
        "step-up-required": 401,
        "request-refused": 403,
        "provider-not-allowed": 403,
        "token-not-issued": 403,
        "not-found": 404,
        "route-not-found": 404,
        "method-not-allowed": 405,
        "upload-stalled": 408,
        "client-stalled": 408,
        "key-reused": 422,
        "key-withdrawn": 409,
        "answer-not-kept": 410,
        "outcome-unknown": 502,
        "conflict": 409,
        "identity-changed": 409,
        "body-too-large": 413,
        "misdirected-request": 421,
        "too-many-requests": 429,
        "headers-too-large": 431,
        "store-unavailable": 503,
        "provider-unavailable": 503,
        "provider-rejected-client": 503,
        "provider-misbehaved": 502,
        "iris-license-exhausted": 503,
        "resource-server-busy": 503,
        "resource-server-unreachable": 502,
        "resource-server-broken": 502,
        "resource-server-timeout": 504,
        "deadline-exceeded": 504,
        "shutting-down": 503,
    }


def test_the_tree_in_the_docstring() -> None:
    """The picture at the top of the module shows every kind with its status, below its parent."""
    picture = re.findall(r"^( +)([A-Z]\w+)(?: +(\d{3})\b)?", inspect.getdoc(errors) or "", re.MULTILINE)
    drawn = {name: (status, len(indent)) for indent, name, status in picture}

    depth = {kind.__name__: 4 + 2 * (len(kind.__mro__) - len(HubError.__mro__)) for kind in kinds()}
    status = {kind.__name__: "" if kind is HubError else str(kind.status) for kind in kinds()}
    assert drawn == {name: (status[name], depth[name]) for name in depth}


@EACH_KIND
def test_truth_about_failure(kind: type[HubError]) -> None:
    """Only errors after the request had left can mean that it was carried out."""
    after_sending = {
        "ResourceServerBroken",
        "ResourceServerTimeout",
        "DeadlineExceeded",
        "UploadStalled",
        "ClientStalled",
        "AnswerNotKept",
        "OutcomeUnknown",
    }

    assert (kind.processed == "maybe") == (kind.__name__ in after_sending)


@pytest.mark.parametrize("kind", [NotAuthenticated, SessionEnded])
def test_no_session_names_the_login(kind: type[NotAuthenticated]) -> None:
    """RFC 9457 section 3.2: who is not logged in gets the address of the login, and the reason if there is one."""
    problem = kind("Over.", reason="idle").problem().as_json()

    assert problem["login_url"] == "/hub/login"
    assert problem["reason"] == "idle"


def test_extensions_come_last() -> None:
    """Extension members stand behind the standard ones."""
    problem = Problem("urn:x", "Title", 405, "Detail", {"allow": ["GET"]})

    assert list(problem.as_json()) == ["type", "title", "status", "detail", "allow"]


def test_retry_after_is_no_member() -> None:
    """The waiting time goes into the header Retry-After, not into the problem."""
    error = errors.StoreUnavailable("Later.", retry_after_seconds=2.0)

    assert error.retry_after_seconds == 2.0
    assert set(error.problem().as_json()) == {"type", "title", "status", "detail"}
