"""hub.oidc.provider against a provider that misbehaves."""

import asyncio
import dataclasses
import gzip
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.config.settings import ProviderSettings
from hub.errors import HubError, ProviderMisbehaved, ProviderRejectedClient, ProviderUnavailable
from hub.oidc import provider_documents
from hub.oidc.authorization import build_authorization_request, process_authorization_response
from hub.oidc.grants import TokenTarget
from hub.oidc.http_client import MAX_RESPONSE_BYTES
from hub.oidc.id_token import IdTokenClaims, SubjectChanged
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.provider import OpenIDProvider
from hub.oidc.signed_jwt import UnknownKey
from hub.oidc.token_endpoint import TargetRefused, TokenRefused, TokenResponse
from hub.primitives.secret import Secret
from tests.oidc.samples import REDIRECT_URI
from tests.parties.certificates import make_certificates
from tests.parties.clock import ManualClock, leap
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, SUBJECT, CannedAnswer, HostileProvider
from tests.parties.signing import SigningKey, break_signature
from tests.waiting import HANG_SECONDS, hang_timeout

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
async def party(clock: ManualClock) -> AsyncIterator[HostileProvider]:
    async with HostileProvider.start() as party:
        party.now = clock.now
        yield party


@asynccontextmanager
async def connected(issuer: str, clock: ManualClock, **changes: Any) -> AsyncIterator[OpenIDProvider]:
    """Open the hub's door to the provider at `issuer`."""
    settings = ProviderSettings(**{"issuer": issuer, "client_id": CLIENT_ID, "client_secret": Secret(CLIENT_SECRET), **changes})
    provider = OpenIDProvider(settings, clock)
    await provider.start()
    try:
        yield provider
    finally:
        await provider.close()


@pytest.fixture
async def provider(party: HostileProvider, clock: ManualClock) -> AsyncIterator[OpenIDProvider]:
    async with connected(party.issuer, clock) as provider:
        yield provider


class Login:
    """One login up to the tokens, as a browser without pages does it."""

    def __init__(self, provider: OpenIDProvider, party: HostileProvider) -> None:
        self._provider = provider
        self._settings = ProviderSettings(issuer=party.issuer, client_id=CLIENT_ID)

    async def exchange(self) -> tuple[TokenResponse, str]:
        """Get a code and turn it into tokens; return them and the nonce."""
        metadata = await self._provider.metadata()
        request = build_authorization_request(metadata, self._settings, REDIRECT_URI)
        async with aiohttp.ClientSession() as session, session.get(request.url, allow_redirects=False) as response:
            query = parse_qs(urlsplit(response.headers["Location"]).query)
        code = process_authorization_response(query, expected_issuer=metadata.issuer, iss_required=True)
        tokens = await self._provider.exchange_code(code, request.code_verifier, REDIRECT_URI)
        return tokens, request.nonce

    async def validate(self) -> IdTokenClaims:
        """Log in and validate the ID token."""
        tokens, nonce = await self.exchange()
        assert tokens.id_token is not None
        return await self._provider.checks.id_token(tokens.id_token, nonce=nonce, access_token=tokens.access_token)


@pytest.fixture
def login(provider: OpenIDProvider, party: HostileProvider) -> Login:
    return Login(provider, party)


class TestDiscovery:
    """Metadata: found, kept, renewed."""

    async def test_single_flight(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """All who need the metadata share one request, and it is kept."""
        results = await asyncio.gather(*(provider.metadata() for _ in range(20)))
        await provider.metadata()

        assert (len({id(result) for result in results}), party.calls(DISCOVERY)) == (1, 1)

    @pytest.mark.expects_log
    async def test_down_at_start(self, party: HostileProvider, clock: ManualClock) -> None:
        """A provider that is down at start makes the hub not ready; it is found as soon as it is there."""
        party.answers[DISCOVERY] = CannedAnswer(503, headers={"Retry-After": "4"})
        async with connected(party.issuer, clock) as provider:
            with pytest.raises(ProviderUnavailable) as caught:
                await provider.metadata()
            before = provider.status()
            del party.answers[DISCOVERY]
            await clock.advance(5)
            await provider.metadata()
            after = provider.status()

        assert (before, after, caught.value.retry_after_seconds) == (
            "The discovery document of the login service responded with status 503.",
            None,
            4.0,
        )

    async def test_not_asked_yet(self, party: HostileProvider, clock: ManualClock) -> None:
        """Before the first answer the hub is not ready."""
        async with connected(party.issuer, clock) as provider:
            assert provider.status() == "The provider's discovery document has not been read yet."

    @pytest.mark.expects_log
    async def test_issuer_mismatch(self, party: HostileProvider, clock: ManualClock) -> None:
        """discovery-issuer-mismatch (C13): the metadata is refused and readiness names both issuers."""
        party.metadata = {"issuer": "https://other.example"}
        async with connected(party.issuer, clock) as provider:
            with pytest.raises(ProviderMisbehaved, match=r"https://other\.example"):
                await provider.metadata()

            assert party.issuer in str(provider.status())

    @pytest.mark.expects_log
    async def test_later_outage(self, party: HostileProvider, provider: OpenIDProvider, clock: ManualClock) -> None:
        """Metadata that has been read once outlives an outage, and the hub stays ready."""
        await provider.metadata()
        party.answers[DISCOVERY] = CannedAnswer(500)
        await clock.advance(3600)
        await provider.metadata()
        await party.answered(DISCOVERY, 2)
        await clock.advance(0)

        assert ((await provider.metadata()).issuer, provider.status()) == (party.issuer, None)

    async def test_renewal(self, party: HostileProvider, provider: OpenIDProvider, clock: ManualClock) -> None:
        """Metadata is asked for anew after an hour, by whoever needs it then, and not before."""
        await provider.metadata()
        await clock.advance(3599)
        await provider.metadata()
        before = party.calls(DISCOVERY)
        await clock.advance(1)
        await provider.metadata()
        await party.answered(DISCOVERY, 2)

        assert before == 1


@pytest.mark.expects_log
async def test_discovery_that_meets_a_defect_is_begun_again(
    party: HostileProvider, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that makes the hub stumble ends neither the discovery nor the process."""
    defects, process = [KeyError("surprise")], provider_documents.process_metadata

    def stumble(*arguments: Any) -> ProviderMetadata:
        if defects:
            raise defects.pop()
        return process(*arguments)

    monkeypatch.setattr(provider_documents, "process_metadata", stumble)
    async with connected(party.issuer, clock) as provider, hang_timeout():
        await party.answered(DISCOVERY, 1)
        while provider.status() is not None:
            await clock.advance(1)
            await asyncio.sleep(0.01)

    assert defects == []


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "body", [b'{"issuer":' + b"[" * 30_000, b"[" * 30_000, b'{"issuer":"\xff"}'], ids=["nested", "only nested", "not UTF-8"]
)
async def test_discovery_after_an_unreadable_document(party: HostileProvider, clock: ManualClock, body: bytes) -> None:
    """A document that cannot be decoded is an error of the provider, named by readiness; the next one is read again."""
    party.answers[DISCOVERY] = CannedAnswer(body=body)
    async with connected(party.issuer, clock) as provider, hang_timeout():
        await party.answered(DISCOVERY, 1)
        while "did not return JSON" not in (provider.status() or ""):
            await asyncio.sleep(0.01)
        del party.answers[DISCOVERY]
        while provider.status() is not None:
            await clock.advance(1)
            await asyncio.sleep(0.01)
        assert (await provider.metadata()).token_endpoint == f"{party.issuer}/token"


class TestAnswers:
    """What the door takes from the network."""

    @pytest.mark.expects_log
    async def test_not_started(self, clock: ManualClock) -> None:
        """A door that was not opened says so."""
        provider = OpenIDProvider(ProviderSettings(issuer="http://127.0.0.1:9", client_id="hub"), clock)
        with pytest.raises(RuntimeError, match="start"):
            await provider.metadata()

    @pytest.mark.expects_log
    async def test_refused_connection(self, clock: ManualClock) -> None:
        """A refused connection is an unavailable provider, and its address is not shown to people."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # bound and not listening
            async with connected(f"http://127.0.0.1:{unused.getsockname()[1]}", clock) as provider:
                with pytest.raises(ProviderUnavailable) as caught:
                    await provider.metadata()

        assert caught.value.detail == "The discovery document of the login service cannot be reached."

    async def test_slow(self, party: HostileProvider, clock: ManualClock) -> None:
        """A provider that does not answer within the time limit is unavailable."""
        party.hold("/token")
        async with connected(party.issuer, clock, timeout_seconds=HANG_SECONDS) as provider:
            refresh = asyncio.create_task(provider.refresh(Secret("r")))
            await party.asked("/token")
            leap(HANG_SECONDS + 1)
            with pytest.raises(ProviderUnavailable, match="in time"):
                await refresh

    @pytest.mark.parametrize("compressed", [False, True])
    async def test_huge(self, party: HostileProvider, provider: OpenIDProvider, compressed: bool) -> None:
        """An answer without end is not read to its end, compressed or not."""
        body = b" " * (2 * MAX_RESPONSE_BYTES)
        headers = {"Content-Encoding": "gzip"} if compressed else {}
        party.answers["/token"] = CannedAnswer(200, gzip.compress(body) if compressed else body, headers)
        with pytest.raises(ProviderMisbehaved, match="more than 1048576 bytes"):
            await provider.refresh(Secret("r"))

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (CannedAnswer(200, b"<html>", {"Content-Type": "text/html"}), ProviderMisbehaved),
            (CannedAnswer(200, b'{"access_token":'), ProviderMisbehaved),
            (CannedAnswer(302, b"", {"Location": "http://127.0.0.1:1/"}), ProviderMisbehaved),
            (CannedAnswer(500), ProviderUnavailable),
            (CannedAnswer(200, b"no gzip", {"Content-Encoding": "gzip"}), ProviderUnavailable),
        ],
    )
    async def test_broken(
        self, party: HostileProvider, provider: OpenIDProvider, answer: CannedAnswer, error: type[HubError]
    ) -> None:
        """Answers that are no token response are sorted; redirects are not followed."""
        party.answers["/token"] = answer
        with pytest.raises(error):
            await provider.refresh(Secret("r"))

        assert party.calls("/token") == 1

    async def test_cookies(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A cookie of the provider is not carried from one person's request to the next."""
        cookie = CannedAnswer(400, b'{"error":"invalid_grant"}', {"Set-Cookie": "person=alice; Path=/"})
        party.answers["/token"] = cookie
        for _ in range(2):
            with pytest.raises(TokenRefused):
                await provider.refresh(Secret("r"))

        assert "Cookie" not in party.requests[-1].headers

    @pytest.mark.expects_log
    async def test_untrusted_certificate(self, tmp_path: Path, clock: ManualClock) -> None:
        """A provider whose certificate nobody vouches for is not spoken to."""
        tls = make_certificates(tmp_path).server_context()
        async with HostileProvider.start("localhost", tls) as party, connected(party.issuer, clock) as provider:
            with pytest.raises(ProviderUnavailable, match="no TLS certificate that this machine trusts"):
                await provider.metadata()

        assert party.requests == []


class TestClient:
    """RFC 6749 section 2.3.1: who the hub is."""

    async def test_login(self, login: Login) -> None:
        """The whole way from the code to the claims works with a provider that behaves."""
        claims = await login.validate()

        assert (claims.subject, claims.session_id) == (SUBJECT, "provider-session")

    async def test_post(self, party: HostileProvider, clock: ManualClock) -> None:
        """client-secret-post: the secret arrives in the body as it is in the settings."""
        async with connected(party.issuer, clock, client_authentication="client_secret_post") as provider:
            with pytest.raises(TokenRefused):
                await provider.refresh(Secret("r"))

        assert party.requests[-1].arguments["client_secret"] == CLIENT_SECRET

    @pytest.mark.expects_log
    async def test_rejected(self, party: HostileProvider, provider: OpenIDProvider, caplog: pytest.LogCaptureFixture) -> None:
        """A wrong secret makes the hub not ready and is logged once, however many run into it."""
        await provider.metadata()
        party.answers["/token"] = CannedAnswer(401, b'{"error":"invalid_client"}')
        for _ in range(3):
            with pytest.raises(ProviderRejectedClient):
                await provider.refresh(Secret("r"))
        logged = [record for record in caplog.records if "provider.client_rejected" in record.getMessage()]

        assert ("provider.client_secret" in str(provider.status()), len(logged)) == (True, 1)
        assert CLIENT_SECRET not in caplog.text

    @pytest.mark.expects_log
    async def test_accepted_again(
        self, party: HostileProvider, provider: OpenIDProvider, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The hub is ready again as soon as the provider takes it for a client, even where it refuses the grant."""
        party.answers["/token"] = CannedAnswer(401, b'{"error":"invalid_client"}')
        with pytest.raises(ProviderRejectedClient):
            await provider.refresh(Secret("r"))
        del party.answers["/token"]
        for _ in range(3):
            with pytest.raises(TokenRefused):
                await provider.refresh(Secret("r"))

        assert provider.status() is None
        assert sum("provider.client_accepted" in record.getMessage() for record in caplog.records) == 1


class TestRefresh:
    """RFC 6749 section 6."""

    async def test_rotation(self, provider: OpenIDProvider, login: Login) -> None:
        """A refresh gives new tokens; the used refresh token is refused with `invalid_grant`."""
        first = (await login.exchange())[0].refresh_token
        assert first is not None
        second = (await provider.refresh(first)).refresh_token
        with pytest.raises(TokenRefused) as caught:
            await provider.refresh(first)

        assert (second != first, caught.value.error) == (True, "invalid_grant")

    async def test_busy(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """429 says when to come back and refuses nothing."""
        party.answers["/token"] = CannedAnswer(429, headers={"Retry-After": "7"})
        with pytest.raises(ProviderUnavailable) as caught:
            await provider.refresh(Secret("r"))

        assert caught.value.retry_after_seconds == 7.0

    async def test_id_token(self, party: HostileProvider, provider: OpenIDProvider, login: Login) -> None:
        """C10: a refreshed ID token of the same person is accepted, one of another person is not."""
        original = await login.validate()
        tokens, _ = await login.exchange()
        assert tokens.id_token is not None
        same = await provider.validate_refreshed_id_token(tokens.id_token, original=original, access_token=tokens.access_token)
        with pytest.raises(SubjectChanged):
            await provider.validate_refreshed_id_token(
                tokens.id_token,
                original=dataclasses.replace(original, subject="bob"),
                access_token=tokens.access_token,
            )

        assert same.subject == SUBJECT


class TestFurtherGrants:
    """Tokens for other parties and for the hub itself, through the door."""

    async def test_resource(self, party: HostileProvider, provider: OpenIDProvider, login: Login) -> None:
        """RFC 8707 section 2.2: a refresh can ask for an access token for one resource."""
        first = (await login.exchange())[0].refresh_token
        assert first is not None
        await provider.refresh(first, resource="https://lab.example/api")

        assert party.requests[-1].arguments["resource"] == "https://lab.example/api"

    async def test_client_token(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """RFC 6749 section 4.4: the hub gets a token of its own."""
        tokens = await provider.client_token(TokenTarget(scopes=("lab",)))

        assert (tokens.expires_in, tokens.refresh_token) == (300.0, None)
        assert party.requests[-1].arguments == {"grant_type": "client_credentials", "scope": "lab"}

    async def test_exchange(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """RFC 8693: the user's token becomes one for somebody else, and is not what comes back."""
        tokens = await provider.exchange(Secret("the-users"), TokenTarget(audience="lab"))

        assert party.requests[-1].arguments["subject_token"] == "the-users"
        assert tokens.access_token != Secret("the-users")

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (CannedAnswer(400, b'{"error":"invalid_target"}'), TargetRefused),
            (CannedAnswer(400, b'{"error":"invalid_grant"}'), TokenRefused),
            (CannedAnswer(503), ProviderUnavailable),
            (CannedAnswer(200, b'{"access_token":"a","token_type":"N_A"}'), ProviderMisbehaved),
        ],
    )
    async def test_errors(
        self, party: HostileProvider, provider: OpenIDProvider, answer: CannedAnswer, error: type[HubError]
    ) -> None:
        """They fail as a refresh does."""
        party.answers["/token"] = answer
        for attempt in (provider.client_token(TokenTarget()), provider.exchange(Secret("a"), TokenTarget())):
            with pytest.raises(error):
                await attempt

    @pytest.mark.expects_log
    async def test_rejected(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A wrong secret is noticed here too."""
        party.answers["/token"] = CannedAnswer(401, b'{"error":"invalid_client"}')
        with pytest.raises(ProviderRejectedClient):
            await provider.client_token(TokenTarget())

        assert "provider.client_secret" in str(provider.status())


class TestLogoutToken:
    """Back-Channel Logout 1.0, with the provider's published keys."""

    async def test_valid(self, party: HostileProvider, provider: OpenIDProvider, clock: ManualClock) -> None:
        """It says whose session has ended, and until when it has to be remembered."""
        claims = await provider.checks.logout_token(Secret(party.logout_token()))

        assert (claims.issuer, claims.subject, claims.session_id) == (party.issuer, SUBJECT, "provider-session")
        assert claims.expires_at == clock.now() + 120 + 60

    async def test_rotation(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A key that was not known yet is fetched."""
        await provider.checks.logout_token(Secret(party.logout_token()))
        party.rotate_keys("second")
        claims = await provider.checks.logout_token(Secret(party.logout_token()))

        assert (claims.subject, party.calls("/jwks")) == (SUBJECT, 2)

    async def test_flood(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """Tokens that anybody can post do not make a flood of requests to the provider."""
        for number in range(10):
            with pytest.raises(UnknownKey):
                await provider.checks.logout_token(Secret(party.logout_token({"kid": f"invented-{number}"})))

        assert party.calls("/jwks") == 2

    async def test_id_token(self, party: HostileProvider, provider: OpenIDProvider, login: Login) -> None:
        """L12: the ID token of a login ends nothing."""
        tokens, _ = await login.exchange()
        assert tokens.id_token is not None
        with pytest.raises(ProviderMisbehaved, match="events"):
            await provider.checks.logout_token(tokens.id_token)

    async def test_keys_not_there(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """While the keys cannot be had there is no verdict."""
        party.answers["/jwks"] = CannedAnswer(503)
        with pytest.raises(ProviderUnavailable):
            await provider.checks.logout_token(Secret(party.logout_token()))


class TestClockDifference:
    """A machine whose clock is wrong."""

    @pytest.mark.expects_log
    @pytest.mark.parametrize("ahead", [300, -300])
    async def test_login(self, party: HostileProvider, clock: ManualClock, ahead: float) -> None:
        """With clocks five minutes apart people log in, and a logout token of now is accepted; its time is the hub's."""
        party.now = lambda: clock.now() + ahead
        party.claims = {"exp": int(clock.now() + ahead + 30)}
        async with connected(party.issuer, clock) as provider:
            claims = await Login(provider, party).validate()
            ended = await provider.checks.logout_token(Secret(party.logout_token()))

            assert (claims.subject, ended.subject) == (SUBJECT, SUBJECT)
            assert provider.clock_difference == pytest.approx(ahead, abs=1)
            assert ended.expires_at == pytest.approx(clock.now() + 180, abs=2)

    @pytest.mark.expects_log
    async def test_still_checked(self, party: HostileProvider, clock: ManualClock) -> None:
        """The times in the token are measured by the provider's clock: an old token stays an old one."""
        party.now = lambda: clock.now() - 300
        party.claims = {"exp": int(clock.now() - 300 - 61)}
        async with connected(party.issuer, clock) as provider:
            with pytest.raises(ProviderMisbehaved, match="expired"):
                await Login(provider, party).validate()


class TestOutage:
    """An endpoint that fails while others work."""

    @pytest.mark.expects_log
    async def test_other_endpoints(self, party: HostileProvider, provider: OpenIDProvider, login: Login) -> None:
        """While userinfo and revocation fail and are left alone, people log in and sessions are refreshed."""
        party.answers |= {"/userinfo": CannedAnswer(500), "/revoke": CannedAnswer(500)}
        for _ in range(7):
            with pytest.raises(ProviderUnavailable):
                await provider.userinfo(Secret("at"), SUBJECT)
            with pytest.raises(ProviderUnavailable):
                await provider.revoke(Secret("r"), "refresh_token")
        claims = await login.validate()

        assert (claims.subject, party.calls("/userinfo"), party.calls("/revoke")) == (SUBJECT, 5, 5)

    @pytest.mark.expects_log
    async def test_down_for_long_at_start(
        self, party: HostileProvider, clock: ManualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A provider that was down for long is found within a few seconds of its return; the log said why once."""
        party.answers[DISCOVERY] = CannedAnswer(503)
        async with connected(party.issuer, clock) as provider:
            for number in range(1, 20):
                await party.answered(DISCOVERY, number)
                while party.calls(DISCOVERY) == number:
                    await clock.advance(1)
            await party.answered(DISCOVERY, 20)
            del party.answers[DISCOVERY]
            returned_at = clock.now()
            while party.calls(DISCOVERY) == 20:
                await clock.advance(1)
            await provider.metadata()

            assert (provider.status(), clock.now() - returned_at < 20) == (None, True)
        assert len([record for record in caplog.records if "provider.discovery_failed" in record.getMessage()]) == 1


class TestIdToken:
    """OpenID Connect Core 1.0 section 3.1.3.7, through the door."""

    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": None},
            {"iss": "https://evil.example"},
            {"aud": None},
            {"aud": "other"},
            {"sub": None},
            {"iat": None},
            {"exp": 1},
            {"nonce": "another"},
            {"nonce": None},
            {"at_hash": "another"},
        ],
    )
    async def test_invalid_claims(self, party: HostileProvider, login: Login, claims: dict[str, Any]) -> None:
        """missing-iss, invalid-aud, missing-sub, missing-iat, nonce-invalid, invalid-at-hash: refused."""
        party.claims = claims
        with pytest.raises(ProviderMisbehaved):
            await login.validate()

    async def test_invalid_sig(self, party: HostileProvider, login: Login) -> None:
        """invalid-sig-rs256: refused."""
        party.forge = break_signature
        with pytest.raises(ProviderMisbehaved, match="signature"):
            await login.validate()

    async def test_sig_none(self, party: HostileProvider, login: Login) -> None:
        """sig-none: refused although the metadata lists `none`."""
        party.signing_key = None
        with pytest.raises(ProviderMisbehaved, match="algorithm"):
            await login.validate()

    async def test_other_algorithm(self, party: HostileProvider, login: Login) -> None:
        """A key of another type is used as it is published."""
        party.signing_key = SigningKey.ec("curve")
        party.published_keys.append(party.signing_key.public)
        party.claims = {"at_hash": None}

        assert (await login.validate()).subject == SUBJECT


class TestKeyRotation:
    """OpenID Connect Core 1.0 section 10.1.1."""

    async def test_rotation(self, party: HostileProvider, login: Login) -> None:
        """signing-key-rotation: the first token with a new key brings the new key set."""
        await login.validate()
        party.rotate_keys("second")
        claims = await login.validate()

        assert (claims.subject, party.calls("/jwks")) == (SUBJECT, 2)

    async def test_just_before_signing(self, party: HostileProvider, login: Login) -> None:
        """signing-key-rotation-just-before-signing: a key that appears beside the old one is found."""
        await login.validate()
        party.rotate_keys("second", keep_old=True)

        assert (await login.validate()).subject == SUBJECT

    async def test_throttle(self, party: HostileProvider, login: Login, clock: ManualClock) -> None:
        """Tokens with unpublished keys fetch the key set at most once in 30 s, also at the same time."""
        await login.validate()
        party.header = {"kid": "unpublished"}
        results = await asyncio.gather(*(login.validate() for _ in range(5)), return_exceptions=True)
        within = party.calls("/jwks")
        await clock.advance(30)
        with pytest.raises(UnknownKey):
            await login.validate()

        assert [type(result) for result in results] == [UnknownKey] * 5
        assert (within, party.calls("/jwks")) == (2, 3)

    async def test_outage(self, party: HostileProvider, login: Login) -> None:
        """While the keys cannot be fetched, known ones go on verifying, and an unknown one is no verdict."""
        await login.validate()
        party.answers["/jwks"] = CannedAnswer(503)
        known = await login.validate()
        party.rotate_keys("second")
        with pytest.raises(ProviderUnavailable):
            await login.validate()

        assert known.subject == SUBJECT

    async def test_stale_keys(self, party: HostileProvider, login: Login, clock: ManualClock) -> None:
        """Keys older than ten minutes are fetched anew, and serve until that succeeds."""
        await login.validate()
        party.answers["/jwks"] = CannedAnswer(200, b"<html>")
        await clock.advance(600)
        stale = await login.validate()
        await party.answered("/jwks", 2)

        assert ((await login.validate()).subject, stale.subject) == (SUBJECT, SUBJECT)


class TestUserinfo:
    """OpenID Connect Core 1.0 section 5.3."""

    async def test_claims(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """The claims of the person who logged in are returned; the token goes in the header only."""
        claims = await provider.userinfo(Secret("at"), SUBJECT)
        request = party.requests[-1]

        assert (claims, request.headers["Authorization"], request.arguments) == (
            {"sub": SUBJECT, "name": "Alice Liddell"},
            "Bearer at",
            {},
        )

    @pytest.mark.parametrize("subject", ["bob", None, 7])
    async def test_invalid_sub(self, party: HostileProvider, provider: OpenIDProvider, subject: Any) -> None:
        """userinfo-invalid-sub (C9): claims about anybody else are refused."""
        party.userinfo = {"sub": subject}
        with pytest.raises(ProviderMisbehaved, match="another user"):
            await provider.userinfo(Secret("at"), SUBJECT)

    async def test_no_endpoint(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A provider without userinfo endpoint adds no claims."""
        party.metadata = {"userinfo_endpoint": None}

        assert await provider.userinfo(Secret("at"), SUBJECT) == {}

    @pytest.mark.parametrize("status", [401, 403])
    async def test_refused(self, party: HostileProvider, provider: OpenIDProvider, status: int) -> None:
        """An access token that is meant for a resource server alone adds no claims."""
        party.answers["/userinfo"] = CannedAnswer(status)

        assert await provider.userinfo(Secret("at"), SUBJECT) == {}

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (CannedAnswer(200, b"eyJh.eyJz.c2ln", {"Content-Type": "application/jwt"}), ProviderMisbehaved),
            (CannedAnswer(404), ProviderMisbehaved),
            (CannedAnswer(500), ProviderUnavailable),
        ],
    )
    async def test_broken(
        self, party: HostileProvider, provider: OpenIDProvider, answer: CannedAnswer, error: type[HubError]
    ) -> None:
        """Anything else is an error."""
        party.answers["/userinfo"] = answer
        with pytest.raises(error):
            await provider.userinfo(Secret("at"), SUBJECT)


class TestRevocation:
    """RFC 7009."""

    async def test_revoked(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """R1, R2: 200 means that the token is no longer valid, whether or not the provider knew it."""
        assert await provider.revoke(Secret("r"), "refresh_token")
        assert party.requests[-1].arguments == {"token": "r", "token_type_hint": "refresh_token"}

    async def test_unsupported(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A provider that does not revoke this kind of token says so, and nothing else happens."""
        party.answers["/revoke"] = CannedAnswer(400, b'{"error":"unsupported_token_type"}')

        assert not await provider.revoke(Secret("a"), "access_token")

    async def test_no_endpoint(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A provider without revocation endpoint is not asked."""
        party.metadata = {"revocation_endpoint": None}

        assert not await provider.revoke(Secret("a"), "access_token")

    async def test_unavailable(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """R2: after a 503 the token is still valid, to be revoked after Retry-After."""
        party.answers["/revoke"] = CannedAnswer(503, headers={"Retry-After": "2"})
        with pytest.raises(ProviderUnavailable) as caught:
            await provider.revoke(Secret("r"), "refresh_token")

        assert caught.value.retry_after_seconds == 2.0

    @pytest.mark.expects_log
    async def test_rejected(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A wrong secret is noticed here too."""
        party.answers["/revoke"] = CannedAnswer(401, b'{"error":"invalid_client"}')
        with pytest.raises(ProviderRejectedClient):
            await provider.revoke(Secret("r"), "refresh_token")

        assert "provider.client_secret" in str(provider.status())


class TestEndSession:
    """RP-Initiated Logout 1.0, called by the hub itself."""

    async def test_ended(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """The ID token goes in the body of a POST."""
        assert await provider.end_session(Secret("the-id-token"))
        assert (party.requests[-1].method, party.requests[-1].arguments["id_token_hint"]) == ("POST", "the-id-token")

    async def test_get_only(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A provider that knows GET only is asked so."""
        party.answers["/logout"] = CannedAnswer(405)

        assert not await provider.end_session(Secret("the-id-token"))
        assert [request.method for request in party.requests if request.path == "/logout"] == ["POST", "GET"]

    async def test_refused(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """IRIS answers 400 for an ID token that it no longer knows."""
        party.answers["/logout"] = CannedAnswer(400, b"ID Token not found")

        assert not await provider.end_session(Secret("the-id-token"))

    async def test_no_endpoint(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A provider without end-session endpoint is not asked."""
        party.metadata = {"end_session_endpoint": None}

        assert not await provider.end_session(Secret("the-id-token"))

    async def test_unavailable(self, party: HostileProvider, provider: OpenIDProvider) -> None:
        """A provider that does not answer leaves open whether the session lives on."""
        party.answers["/logout"] = CannedAnswer(503)
        with pytest.raises(ProviderUnavailable):
            await provider.end_session(Secret("the-id-token"))


@pytest.fixture
def dpop_key_file(tmp_path: Path) -> str:
    """A file with a key to which tokens are bound."""
    file = tmp_path / "dpop.pem"
    key = generate_private_key(SECP256R1())
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(file)


@pytest.mark.parametrize(
    ("status", "body", "calls"),
    [(400, b'{"error":"use_dpop_nonce"}', 2), (400, b'{"error":"invalid_request"}', 1), (401, b'{"error":"use_dpop_nonce"}', 1)],
)
@pytest.mark.expects_log
async def test_nonce_that_the_token_endpoint_demands(
    party: HostileProvider, clock: ManualClock, dpop_key_file: str, status: int, body: bytes, calls: int
) -> None:
    """RFC 9449 section 8: a token request is repeated, once, if a 400 demands a nonce, and after no other response with one."""
    party.answers["/token"] = CannedAnswer(status, body, {"DPoP-Nonce": "n"})
    async with connected(party.issuer, clock, dpop_key_file=dpop_key_file) as provider:
        with pytest.raises((TokenRefused, ProviderMisbehaved, ProviderRejectedClient)):
            await provider.refresh(Secret("r"))

    assert party.calls("/token") == calls


@pytest.mark.parametrize(("status", "calls"), [(401, 2), (200, 1)])
async def test_nonce_that_userinfo_demands(
    party: HostileProvider, clock: ManualClock, dpop_key_file: str, status: int, calls: int
) -> None:
    """RFC 9449 section 9: the same with a 401 of the userinfo endpoint. A nonce for the next request costs no second one."""
    body = json.dumps({"sub": SUBJECT}).encode()
    party.answers["/userinfo"] = CannedAnswer(status, body, {"DPoP-Nonce": "n", "Content-Type": "application/json"})
    async with connected(party.issuer, clock, dpop_key_file=dpop_key_file) as provider:
        await provider.userinfo(Secret("at"), SUBJECT)

    assert party.calls("/userinfo") == calls


async def test_token_that_is_not_bound(party: HostileProvider, clock: ManualClock, dpop_key_file: str) -> None:
    """RFC 9449 section 5: where a bound token was asked for, one that anybody could use is refused; and the other way round."""
    async with connected(party.issuer, clock, dpop_key_file=dpop_key_file) as provider:
        with pytest.raises(ProviderMisbehaved, match="Bearer token, but the hub requested DPoP"):
            await Login(provider, party).exchange()
    party.token_members = {"token_type": "DPoP"}
    async with connected(party.issuer, clock) as provider:
        with pytest.raises(ProviderMisbehaved, match="DPoP token, but the hub requested Bearer"):
            await Login(provider, party).exchange()
