"""hub.oidc.http_client: endpoints that fail are left alone, clocks are compared, and TLS trusts what the settings say."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.config.settings import SettingsError
from hub.errors import ProviderMisbehaved, ProviderUnavailable
from hub.oidc.http_client import MAX_RESPONSE_BYTES, ProviderHttpClient
from tests.parties.certificates import make_certificates
from tests.parties.clock import ManualClock, leap
from tests.parties.hostile_provider import CannedAnswer, HostileProvider
from tests.waiting import HANG_SECONDS, soon

TOKEN = "token endpoint"
KEYS = "key set"
DOWN = CannedAnswer(503)
UP = CannedAnswer(200, b"{}")


@pytest.fixture
async def party(clock: ManualClock) -> AsyncIterator[HostileProvider]:
    async with HostileProvider.start() as party:
        party.now = clock.now
        party.answers["/token"] = UP
        yield party


@asynccontextmanager
async def opened(clock: ManualClock, timeout_seconds: float = 10.0, **options: Any) -> AsyncIterator[ProviderHttpClient]:
    """Start a client whose waits have no jitter."""
    client = ProviderHttpClient(clock, timeout_seconds, **{"chance": lambda: 0.0, **options})
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def client(clock: ManualClock) -> AsyncIterator[ProviderHttpClient]:
    async with opened(clock) as client:
        yield client


async def statuses(
    client: ProviderHttpClient, party: HostileProvider, times: int, path: str = "/token", what: str = TOKEN
) -> list[int]:
    """Call so often; return the statuses of the answers, 0 where there was none."""
    results = []
    for _ in range(times):
        try:
            results.append((await client.call("POST", party.issuer + path, what, body=b"")).status)
        except ProviderUnavailable:
            results.append(0)
    return results


class TestCircuit:
    """One circuit for each endpoint."""

    @pytest.mark.expects_log
    @pytest.mark.parametrize("status", [500, 502, 503, 429])
    async def test_opens(self, party: HostileProvider, client: ProviderHttpClient, status: int) -> None:
        """After five failures in a row the endpoint is not asked; the error says what was wrong, and for how long to wait."""
        party.answers["/token"] = CannedAnswer(status)
        results = await statuses(client, party, 7)
        with pytest.raises(ProviderUnavailable, match=f"responded with status {status}") as caught:
            await client.call("POST", f"{party.issuer}/token", TOKEN)

        assert (results, party.calls("/token"), caught.value.retry_after_seconds) == ([status] * 5 + [0, 0], 5, 1.0)

    @pytest.mark.parametrize("status", [200, 400, 401, 404, 501])
    async def test_answers(self, party: HostileProvider, client: ProviderHttpClient, status: int) -> None:
        """An endpoint that refuses is there: refusals open nothing, however many, and 501 is one for good."""
        party.answers["/token"] = CannedAnswer(status)

        assert await statuses(client, party, 10) == [status] * 10

    @pytest.mark.expects_log
    async def test_refused_connection(self, clock: ManualClock, client: ProviderHttpClient) -> None:
        """A provider that is not there opens the circuit too; the detail stays the same, and names no host."""
        details = []
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # bound and not listening
            for _ in range(7):
                with pytest.raises(ProviderUnavailable) as caught:
                    await client.call("GET", f"http://127.0.0.1:{unused.getsockname()[1]}/", KEYS)
                details.append((caught.value.detail, caught.value.retry_after_seconds))

        text = "The key set of the login service cannot be reached."
        assert details == [(text, None)] * 5 + [(text, 1.0)] * 2

    @pytest.mark.expects_log
    async def test_slow(self, party: HostileProvider, clock: ManualClock) -> None:
        """Calls that run into the time limit open the circuit, and later callers do not wait for it."""
        party.hold("/token")
        async with opened(clock, timeout_seconds=HANG_SECONDS) as client:
            calls = asyncio.gather(*(statuses(client, party, 1) for _ in range(5)))
            await party.asked("/token", 5)
            leap(HANG_SECONDS + 1)
            results = await calls
            late = await soon(statuses(client, party, 3))

        assert (results, late, party.calls("/token")) == ([[0]] * 5, [0] * 3, 5)

    async def test_nonsense(self, party: HostileProvider, client: ProviderHttpClient) -> None:
        """An endpoint that sends too much is there."""
        party.answers["/token"] = CannedAnswer(200, b" " * (MAX_RESPONSE_BYTES + 1))
        for _ in range(6):
            with pytest.raises(ProviderMisbehaved):
                await client.call("POST", f"{party.issuer}/token", TOKEN)

        assert party.calls("/token") == 6

    @pytest.mark.expects_log
    async def test_endpoints_are_apart(self, party: HostileProvider, client: ProviderHttpClient) -> None:
        """While the key set fails, the token endpoint goes on being asked."""
        party.answers["/jwks"] = DOWN
        await statuses(client, party, 6, "/jwks", KEYS)

        assert (await statuses(client, party, 2), party.calls("/jwks")) == ([200, 200], 5)

    @pytest.mark.expects_log
    async def test_query_does_not_matter(self, party: HostileProvider, client: ProviderHttpClient) -> None:
        """A circuit belongs to an endpoint, whatever the query: there are no more circuits than endpoints."""
        party.answers["/token"] = DOWN
        for number in range(6):
            await statuses(client, party, 1, f"/token?attempt={number}")

        assert party.calls("/token") == 5

    @pytest.mark.expects_log
    async def test_one_tries(self, party: HostileProvider, client: ProviderHttpClient, clock: ManualClock) -> None:
        """After the wait one call tries while the others are told to come back; when it works, all go through again."""
        party.answers["/token"] = DOWN
        await statuses(client, party, 5)
        party.answers["/token"] = UP
        await clock.advance(1)
        gate = party.hold("/token")
        trial = asyncio.create_task(statuses(client, party, 1))
        await party.asked("/token", 6)
        meanwhile = await statuses(client, party, 10)
        gate.set()

        assert (await trial, meanwhile, await statuses(client, party, 3)) == ([200], [0] * 10, [200] * 3)
        assert party.calls("/token") == 9

    @pytest.mark.expects_log
    async def test_cancelled_trial(self, party: HostileProvider, client: ProviderHttpClient, clock: ManualClock) -> None:
        """If the one that tries gives up, the next one tries."""
        party.answers["/token"] = DOWN
        await statuses(client, party, 5)
        party.answers["/token"] = UP
        await clock.advance(1)
        gate = party.hold("/token")
        trial = asyncio.create_task(statuses(client, party, 1))
        await party.asked("/token", 6)
        trial.cancel()
        await asyncio.gather(trial, return_exceptions=True)
        gate.set()

        assert await statuses(client, party, 1) == [200]

    @pytest.mark.expects_log
    async def test_retry_after(self, party: HostileProvider, client: ProviderHttpClient, clock: ManualClock) -> None:
        """`Retry-After` is honoured, but for no more than five minutes."""
        waits = []
        for asked_for in ("20", "86400"):
            party.answers["/token"] = CannedAnswer(503, headers={"Retry-After": asked_for})
            await statuses(client, party, 5)
            with pytest.raises(ProviderUnavailable) as caught:
                await client.call("POST", f"{party.issuer}/token", TOKEN)
            waits.append(caught.value.retry_after_seconds)
            await clock.advance(waits[-1] or 0)

        assert waits == [20.0, 300.0]

    @pytest.mark.expects_log
    async def test_log_and_figure(self, party: HostileProvider, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
        """One line when a circuit opens and one when it closes, and the number of open ones is reported."""
        reported: list[float] = []
        async with opened(clock, name="partners", report_open_circuits=reported.append) as client:
            party.answers |= {"/token": DOWN, "/jwks": DOWN}
            await statuses(client, party, 20)
            await statuses(client, party, 20, "/jwks", KEYS)
            await clock.advance(1)
            await statuses(client, party, 20)  # tries once, in vain
            party.answers |= {"/token": UP, "/jwks": UP}
            await clock.advance(2)
            await statuses(client, party, 20)
            await statuses(client, party, 20, "/jwks", KEYS)
        lines = [record.getMessage() for record in caplog.records if "provider.circuit_" in record.getMessage()]

        assert ["opened" in line for line in lines] == [True, True, False, False]
        assert all("partners" in line for line in lines)
        assert reported == [1, 2, 1, 0]


class TestClock:
    """The provider's clock beside ours."""

    async def test_agrees(self, party: HostileProvider, client: ProviderHttpClient, clock: ManualClock) -> None:
        """With clocks that agree, ours counts to the fraction."""
        await statuses(client, party, 3)

        assert (abs(client.clock_difference) < 1, client.now()) == (True, clock.now())

    @pytest.mark.expects_log
    async def test_differs(
        self, party: HostileProvider, client: ProviderHttpClient, clock: ManualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A difference is measured and told once; told again when it is gone."""
        party.now = lambda: clock.now() + 300
        await statuses(client, party, 5)
        measured, now = client.clock_difference, client.now()
        party.now = clock.now
        await statuses(client, party, 5)
        lines = [record.getMessage() for record in caplog.records if "provider.clock_" in record.getMessage()]

        assert (measured, now) == (pytest.approx(300, abs=1), pytest.approx(clock.now() + 300, abs=1))
        assert (client.now(), ["differs" in line for line in lines]) == (clock.now(), [True, False])

    async def test_answer_that_took_long(self, party: HostileProvider, client: ProviderHttpClient, clock: ManualClock) -> None:
        """An answer that was long under way teaches nothing about the clock."""
        party.now = lambda: clock.now() + 300
        gate = party.hold("/token")
        slow = asyncio.create_task(statuses(client, party, 1))
        await party.asked("/token")
        await clock.advance(3)
        gate.set()
        await slow

        assert client.clock_difference == 0.0


class TestTrust:
    """`ca_file`."""

    async def test_own_authority(self, tmp_path: Path, clock: ManualClock) -> None:
        """A provider whose certificate comes from the authority of the settings is spoken to."""
        certificates = make_certificates(tmp_path)
        async with (
            HostileProvider.start("localhost", certificates.server_context()) as party,
            opened(clock, ca_file=str(certificates.authority_file)) as client,
        ):
            party.answers["/token"] = UP

            assert await statuses(client, party, 1) == [200]

    def test_no_certificate(self, tmp_path: Path, clock: ManualClock) -> None:
        """A file that holds no certificate is a mistake in the settings, named by its key."""
        broken = tmp_path / "broken.pem"
        broken.write_text("no certificate")
        with pytest.raises(SettingsError, match=r"provider\.ca_file"):
            ProviderHttpClient(clock, 1.0, str(broken))
