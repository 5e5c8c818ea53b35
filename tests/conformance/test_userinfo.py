"""The userinfo endpoint (OpenID Connect Core 1.0 section 5.3)."""

from typing import Any

import pytest

from tests.conformance.visitor import require_login, require_refusal
from tests.parties.hostile_provider import CLIENT_ID, SUBJECT, CannedAnswer
from tests.parties.signing import break_signature, sign
from tests.web.conftest import House


def signed_answer(house: House, *, forge: Any = str, **changes: Any) -> CannedAnswer:
    """Return a userinfo answer as a JWT that the provider has signed."""
    provider = house.provider
    claims = {"iss": provider.issuer, "aud": CLIENT_ID, "sub": SUBJECT, "name": "Alice Liddell", **changes}
    token = sign(claims, provider.signing_key)
    return CannedAnswer(200, forge(token).encode(), {"Content-Type": "application/jwt"})


async def test_oidcc_client_test_userinfo_bearer_header(house: House) -> None:
    """The access token goes to userinfo in the header, and nowhere else."""
    await require_login(house)
    (request,) = [request for request in house.provider.requests if request.path == "/userinfo"]

    assert (request.method, request.arguments) == ("GET", {})
    assert request.headers["Authorization"].startswith("Bearer access-")


@pytest.mark.expects_log
@pytest.mark.parametrize("subject", [pytest.param("bob", id="other"), pytest.param(None, id="missing")])
async def test_oidcc_client_test_userinfo_invalid_sub(house: House, subject: str | None) -> None:
    """C9: claims about somebody else are not used; nobody is logged in with them."""
    house.provider.userinfo = {"sub": subject, "name": "Bob"}

    await require_refusal(house)


async def test_oidcc_client_test_scope_userinfo_claims(house: House) -> None:
    """What the page may know of ID token and userinfo it learns; nothing else."""
    house.provider.userinfo = {"email": "alice@example.org", "birthdate": "1852-05-04"}
    outcome = await require_login(house)

    assert outcome.session["name"] == "Alice Liddell"
    assert outcome.session["claims"] == {"email": "alice@example.org"}


async def test_oidcc_client_test_userinfo_signed(house: House) -> None:
    """A userinfo response that is a signed JWT is understood."""
    house.provider.answers["/userinfo"] = signed_answer(house)
    outcome = await require_login(house)

    assert outcome.session["name"] == "Alice Liddell"


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"forge": break_signature}, id="invalid-signature"),
        pytest.param({"sub": "bob"}, id="other-sub"),
        pytest.param({"iss": "https://evil.example"}, id="other-iss"),
        pytest.param({"aud": "somebody-else"}, id="other-aud"),
    ],
)
async def test_userinfo_signed_refused(house: House, changes: dict[str, Any]) -> None:
    """C9: a signed response that is broken, or about or for somebody else, logs nobody in."""
    house.provider.answers["/userinfo"] = signed_answer(house, **changes)

    await require_refusal(house)
