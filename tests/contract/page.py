"""The page that runs the contract suite by itself, in any browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.config.settings import LimitSettings, RouteSettings
from tests.contract.api import ContractApi
from tests.contract.comparison import Row
from tests.parties import workspace
from tests.parties.any_browser import opened
from tests.parties.resource_server import RawResourceServer
from tests.waiting import until
from tests.web.conftest import BuildHouse

PAGE_SECONDS = 240.0


def build(folder: Path) -> None:
    """Build the page into `folder`, as an application is built for production."""
    workspace.run("ng", "build", "contract", "--output-path", str(folder))
    for file in (folder / "browser").iterdir():
        file.rename(folder / file.name)
    (folder / "moved.txt").write_text("a file of the application")


@asynccontextmanager
async def _stopped(server: RawResourceServer) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await server.stop()


async def run_in(browser: str, build_house: BuildHouse, profile: Path) -> list[Row]:
    """Run all behaviors in a browser; return what came of them."""
    api = ContractApi()
    server = await RawResourceServer.start(api.serve)
    routes = [
        RouteSettings(prefix="/api", target=server.url, pass_request_headers=["X-Test"]),
        RouteSettings(prefix="/open", target=server.url, token="none"),
    ]
    async with (
        _stopped(server),
        build_house(routes=routes, limits=LimitSettings(requests_per_session=0)) as house,
        opened(browser, f"{house.url}/hub/login?return_to=/", profile),
    ):
        reported = await asyncio.wait_for(api.report, PAGE_SECONDS)
        await until(lambda: all(api.seen[run][-1] == "aborted" for run in api.seen if run.startswith(("cancel-", "timeout-p"))))
    return [_row(api, **row) for row in reported]


def _row(api: ContractApi, id: str, title: str, area: str, outcomes: dict[str, dict[str, str]]) -> Row:
    seen = {backend: "\n\n".join(sorted(api.seen.get(f"{id}.{backend}", []))) for backend in outcomes}
    return Row(id, title, area, {backend: {**outcome, "seen": seen[backend]} for backend, outcome in outcomes.items()})
