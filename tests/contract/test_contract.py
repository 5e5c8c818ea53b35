"""HttpClient over the hub behaves as over Angular's own backends, on both transports, but for documented differences."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from tests.contract.comparison import Row, documented, undocumented, unseen
from tests.contract.page import build, run_in
from tests.parties.hub import PROJECT
from tests.web.conftest import BuildHouse

BROWSERS = os.environ.get("HUB_TESTS_BROWSERS", "chromium").split(",")
DOCUMENT = PROJECT / "docs" / "angular.md"

pytestmark = [pytest.mark.timing_sensitive, pytest.mark.expects_log]  # the hub logs the failures of the API


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built page."""
    folder = tmp_path_factory.mktemp("contract")
    build(folder)
    return folder


@pytest.fixture
def root(page: Path) -> Path:
    """What the hub hosts."""
    return page


@pytest.fixture(params=BROWSERS)
async def rows(request: pytest.FixtureRequest, build_house: BuildHouse, tmp_path: Path) -> list[Row]:
    """What came of all behaviors in a browser."""
    profile = tmp_path / "profile"
    profile.mkdir()
    rows = await run_in(request.param, build_house, profile)
    keep(rows, request.param)
    return rows


def keep(rows: list[Row], browser: str) -> None:
    """Write what came of them into the folder of HUB_TESTS_CONTRACT, if it is set, for the table."""
    if folder := os.environ.get("HUB_TESTS_CONTRACT"):
        Path(folder, f"{browser}.json").write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))


async def test_contract(rows: list[Row]) -> None:
    """No behavior loses data or succeeds on one transport alone; exactly the differences that exist are documented."""
    differences = documented(DOCUMENT)
    assert len({row.id for row in rows}) == len(rows) > 150
    assert [row.id for row in rows if row.loses()] == []
    assert "\n".join(undocumented(rows, differences)) == ""
    assert unseen(rows, differences) == []
