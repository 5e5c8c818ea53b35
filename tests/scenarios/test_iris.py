"""What IRIS does to a proxy, seen through a whole hub: cookies, fields, errors, proofs, FHIR."""

import base64
import json
import secrets
from pathlib import Path
from typing import Literal

import pytest

from hub.session.keyring import make_key_file
from iris_standin import Options
from tests.parties.browser import SESSION_COOKIE
from tests.parties.channel import Channel
from tests.scenarios.conftest import StartClinic


def with_settings(**more: object) -> dict[str, object]:
    """Return how to make the one route of a hub with these settings."""
    return {"route_settings": lambda target: json.dumps([{"prefix": "/api", "target": target, **more}])}


async def test_reserved_parameters_do_not_act(start_clinic: StartClinic) -> None:
    """Nobody becomes another user, ends the session, adopts one or brings a token by the query, in any spelling."""
    async with (
        start_clinic(Options(use_session=True), **with_settings(upstream_session="per_session")) as clinic,
        clinic.browser("alice") as browser,
    ):
        await browser.fetch("/api/echo")
        other = clinic.standin.licenses.sessions[0]
        for query in (
            "IRISUsername=bob&IRISPassword=bob-demo",
            "irisusername=bob&cachepassword=bob-demo",
            "%49RISUsername=bob&IRIS%50assword=bob-demo",
            "IRISLogout=end",
            "CacheLogout=cookie",
            f"CSPCHD={other.id}",
            "CSPSHARE=1&CSPToken=x",
            "access_token=stolen",
        ):
            answer = await browser.fetch(f"/api/echo?{query}&kept=1")
            assert (answer.status, answer.json()["subject"], answer.json()["query"]) == (200, "alice", "kept=1")
        assert [session.logged_in for session in clinic.standin.licenses.sessions] == [""]


async def test_cookies_of_iris_stay_on_the_server(start_clinic: StartClinic) -> None:
    """They come with every request of the session, and never to the browser; those of the browser never go to IRIS."""
    async with (
        start_clinic(Options(use_session=True), **with_settings(upstream_session="per_session")) as clinic,
        clinic.browser("alice") as browser,
    ):
        planted = {"Cookie": f"{SESSION_COOKIE}={browser.session_cookie()}; CSPSESSIONID-SP-1-UP-x-=evil; CSPBrowserId=evil"}
        answers = [
            await browser.fetch("/api/echo"),
            await browser.fetch("/api/echo"),
            await browser.fetch("/api/echo", headers=planted),
        ]
        assert {answer.status for answer in answers} == {200}
        assert not any(answer.all("Set-Cookie") for answer in answers)
        sent = [dict(map(tuple, answer.json()["headers"])).get("Cookie", "") for answer in answers]
        assert (sent[0], sent[1] == sent[2], "CSPSESSIONID" in sent[1], "evil" in sent[2]) == ("", True, True, False)


async def test_toggles_that_a_proxy_must_survive(start_clinic: StartClinic) -> None:
    """Field names in capitals, CORS fields, a gateway that refuses stale cookies."""
    options = Options(use_session=True, upper_case_headers=True, cors_origin="https://evil.example", stale_cookie_refused=True)
    async with (
        start_clinic(options, **with_settings(upstream_session="per_session")) as clinic,
        clinic.browser("alice") as browser,
    ):
        answer = await browser.fetch("/api/patients?size=1")
        assert (answer.status, answer.json()["size"]) == (200, 1)
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
        clinic.standin.licenses.forget()  # IRIS was restarted
        assert [(await browser.fetch("/api/patients?size=1")).status for _ in range(2)] == [200, 200]


async def test_errors_are_problems(start_clinic: StartClinic) -> None:
    """Over both doors: %CSP.REST documents and silent refusals; no password dialog ever."""
    async with start_clinic() as clinic, clinic.browser("alice") as browser:
        channel = await Channel.open(browser)
        failed, over_channel = await browser.fetch("/api/error"), await channel.request("GET", "/api/error")
        silent, basic = await browser.fetch("/api/unauthorized"), await browser.fetch("/api/basic")
        await channel.close()
    assert (failed.status, failed.header("Content-Type")) == (500, "application/problem+json")
    assert failed.json() == over_channel.body
    assert (failed.json()["type"], failed.json()["code"], failed.json()["id"]) == (
        "urn:hub:problem:iris-error",
        5035,
        "GeneralException",
    )
    assert failed.json()["errors"][0]["params"][0].startswith("<UNDEFINED>")
    assert (silent.status, silent.json()["type"]) == (401, "urn:hub:problem:api-refused")
    assert (basic.status, basic.header("WWW-Authenticate")) == (401, None)


@pytest.mark.parametrize(("setting", "kept"), [("redacted", False), ("relay", True)])
async def test_errors_by_setting(start_clinic: StartClinic, setting: str, kept: bool) -> None:
    """Redacted: no internals, whichever coding the caller asks for. Relayed: as they are. Over both doors."""
    async with start_clinic(None, **with_settings(iris_errors=setting)) as clinic, clinic.browser("alice") as browser:
        channel = await Channel.open(browser)
        failed = await browser.fetch("/api/error", headers={"Accept-Encoding": "deflate"})
        over_channel = await channel.request("GET", "/api/error")
        await channel.close()
    assert ("<UNDEFINED>" in failed.text, failed.json().get("type") is None) == (kept, kept)
    assert over_channel.body == failed.json()


@pytest.mark.parametrize("version", [1, 2])
async def test_proof_of_each_request(start_clinic: StartClinic, tmp_path: Path, version: Literal[1, 2]) -> None:
    """With the key everything works, bodies and streams too; without it a good token is worth nothing."""
    make_key_file(tmp_path / "key")
    options = Options(proof="hmac-sha256", proof_key=(tmp_path / "key").read_text().strip(), proof_version=version)
    proven = with_settings(
        proof="hmac-sha256", proof_key_file=str(tmp_path / "key"), proof_version=version, max_body_bytes=1_000_000
    )
    async with start_clinic(options, **proven) as clinic, clinic.browser("alice") as browser:
        channel = await Channel.open(browser)
        assert (await browser.fetch("/api/patients?size=1&q=a%20b")).status == 200
        assert (await browser.fetch("/api/echo", method="POST", body=b'{"a":1}')).json()["body_bytes"] == 7
        assert (await browser.fetch("/api/echo", method="PUT", body=secrets.token_bytes(300_000))).json()["body_bytes"] == 300_000
        assert (await channel.request("GET", "/api/patients?size=1")).status == 200
        await channel.close()
        clinic.standin.change(proof_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        assert (await browser.fetch("/api/patients?size=1")).status == 401
    async with start_clinic(options) as clinic, clinic.browser("alice") as browser:
        assert (await browser.fetch("/api/patients?size=1")).status == 401


async def test_fhir(start_clinic: StartClinic) -> None:
    """The preset: the token is for the FHIR server, pages learn the patient, and links lead to the hub."""
    options = Options(supported_scopes=("patient/*.read", "user/*.read"), response_properties={"patient": "3"}, aud_mode="array")
    scopes = "openid,profile,offline_access,user/*.read"

    def routes(target: str) -> str:
        fhir = target.replace("/csp/clinic", "/csp/healthshare/clinic/fhir/r4")
        return json.dumps([{"prefix": "/fhir", "target": fhir, "preset": "fhir"}])

    async with start_clinic(options, routes, HUB_PROVIDER_SCOPES=scopes) as clinic, clinic.browser("alice") as browser:
        assert (await browser.fetch("/hub/session")).json()["claims"]["patient"] == "3"
        bundle = (await browser.fetch("/fhir/Patient?_count=2")).json()
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert links["next"] == f"{clinic.hub.url}/fhir/Patient?_count=2&page=2"
        assert bundle["entry"][0]["fullUrl"].startswith(f"{clinic.hub.url}/fhir/Patient/")
        following = await browser.fetch(links["next"].removeprefix(clinic.hub.url))
        assert following.json()["entry"][0]["resource"]["id"] == "3"
        one = await browser.fetch("/fhir/Patient/3")
        assert one.header("Content-Location") == f"{clinic.hub.url}/fhir/Patient/3/_history/1"
        missing = await browser.fetch("/fhir/Patient/999999")
        assert (missing.status, missing.json()["resourceType"]) == (404, "OperationOutcome")
        assert (await browser.fetch("/fhir/.well-known/smart-configuration")).json()["issuer"] == clinic.standin.issuer
        assert (await browser.fetch("/fhir/metadata")).json()["implementation"]["url"] == f"{clinic.hub.url}/fhir"
        clinic.standin.change(resource_audience=clinic.standin.fhir_url)
        assert (await browser.fetch("/fhir/Patient/3")).status == 200


async def test_secret_that_expires_loses_no_session(start_clinic: StartClinic) -> None:
    """The operator's fault: users go on with the token in hand, and nobody is logged out."""
    async with start_clinic(Options(client_secret_seconds=3600)) as clinic, clinic.browser("alice") as browser:
        clinic.standin.change(client_secret_seconds=1)
        assert (await browser.fetch("/api/patients?size=1")).status == 200
        assert (await browser.fetch("/hub/session")).json()["authenticated"]
