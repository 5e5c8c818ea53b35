"""The FHIR server."""

from iris_standin import Standin
from tests.iris_standin.browser import Browser


async def test_open_documents(browser: Browser, standin: Standin) -> None:
    """Capabilities and SMART configuration need no token."""
    status, statement = await browser.json(f"{standin.fhir_url}/metadata")
    assert (status, statement["resourceType"]) == (200, "CapabilityStatement")
    _, smart = await browser.json(f"{standin.fhir_url}/.well-known/smart-configuration")
    assert smart["issuer"] == standin.issuer


async def test_scopes_decide(browser: Browser, standin: Standin) -> None:
    """No token, no SMART scope, a patient scope without a patient, one with a patient, and a scope for all."""
    standin.change(supported_scopes=("patient/*.read", "user/*.read"))
    base = f"{standin.fhir_url}/Patient"
    status, outcome = await browser.json(base)
    assert (status, outcome["resourceType"], outcome["issue"][0]["code"]) == (401, "OperationOutcome", "login")
    plain = (await browser.tokens())["access_token"]
    assert (await browser.json(base, plain))[0] == 403
    own = (await browser.tokens(scope="openid patient/*.read"))["access_token"]
    assert (await browser.json(base, own))[0] == 403
    standin.change(response_properties={"patient": "3"})
    _, bundle = await browser.json(base, own)
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == ["3"]
    assert (await browser.json(f"{base}/4", own))[0] == 404
    everybody = (await browser.tokens(scope="openid user/*.read"))["access_token"]
    _, bundle = await browser.json(f"{base}?_count=2", everybody)
    assert bundle["link"][1] == {"relation": "next", "url": f"{base}?_count=2&page=2"}
    assert bundle["entry"][0]["fullUrl"].startswith(f"{base}/")
