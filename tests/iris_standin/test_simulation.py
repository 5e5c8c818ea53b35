"""The switches and the journal."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import iris_standin
from iris_standin import Standin
from tests.iris_standin.browser import Browser

PACKAGE = Path(iris_standin.__file__).parent


async def test_options_are_read_and_changed_over_http(browser: Browser) -> None:
    """POST takes JSON and works from the next request on."""
    url = f"{browser.standin.url}/__sim/options"
    async with browser.http.post(url, json={"access_token_seconds": 5}) as response:
        shown = await response.json()

    assert (shown["access_token_seconds"], browser.standin.options.access_token_seconds) == (5, 5)
    assert (await browser.tokens())["expires_in"] == 5


@pytest.mark.parametrize("body", ["[]", "{", '{"unheard_of": 1}', '{"access_token_seconds": 0}'])
async def test_wrong_options_change_nothing(browser: Browser, body: str) -> None:
    """400 with the reason."""
    before = browser.standin.options
    async with browser.http.post(f"{browser.standin.url}/__sim/options", data=body) as response:
        reason = (await response.json())["error"]

    assert (response.status, bool(reason)) == (400, True)
    assert before == browser.standin.options


async def test_the_log_counts_without_secrets(browser: Browser) -> None:
    """Token requests and API calls are listed with grant, subject and outcome; no token is among them."""
    members = await browser.tokens()
    await browser.json(f"{browser.standin.clinic_url}/patients?access_token=x", members["access_token"])
    await browser.refresh("unknown")
    _, log = await browser.json(f"{browser.standin.url}/__sim/log")

    told = [(entry["service"], entry["grant_type"], entry["status"], entry["outcome"]) for entry in log["entries"]]
    assert told == [
        ("token", "authorization_code", 200, "issued"),
        ("clinic", "", 200, "answered"),
        ("token", "refresh_token", 400, "invalid_grant"),
    ]
    assert log["entries"][1]["subject"] == "alice"
    assert not any(secret in str(log) for values in browser.standin.issued.values() for secret in values)


async def test_the_log_is_filtered_and_cleared(browser: Browser) -> None:
    """One service at a time, and a fresh start."""
    await browser.refresh("unknown")
    url = f"{browser.standin.url}/__sim/log"

    assert (await browser.json(f"{url}?service=clinic"))[1] == {"entries": []}
    async with browser.http.delete(url) as response:
        assert response.status == 204
    assert (await browser.json(url))[1] == {"entries": []}


async def test_every_secret_is_listed(browser: Browser) -> None:
    """Codes and tokens, before and after a refresh."""
    code = (await browser.log_in())["code"]
    _, before = await browser.exchange(code)
    _, after = await browser.refresh(before["refresh_token"])
    _, issued = await browser.json(f"{browser.standin.url}/__sim/issued")

    assert [code] == issued["code"]
    assert all([before[kind], after[kind]] == issued[kind] for kind in ("access_token", "refresh_token") if before[kind])
    assert issued["id_token"]


async def test_secrets_are_not_exposed_by_default() -> None:
    """Without the argument the list does not exist."""
    standin = Standin()
    await standin.start()
    browser = Browser(standin)
    try:
        assert (await browser.json(f"{standin.url}/__sim/issued"))[0] == 404
        assert standin.issued == {}
    finally:
        await browser.close()
        await standin.stop()


async def test_the_prefix_of_the_web_gateway_is_part_of_the_issuer() -> None:
    """Both services move under it."""
    standin = Standin(prefix="authserver")
    with pytest.raises(RuntimeError):
        assert standin.issuer
    await standin.start()
    browser = Browser(standin)
    try:
        _, document = await browser.json(f"{standin.issuer}/.well-known/openid-configuration")
        status, _ = await browser.json(f"{standin.clinic_url}/health")
        assert (f"{standin.url}/authserver/oauth2", 200) == (document["issuer"], status)
    finally:
        await browser.close()
        await standin.stop()


async def test_rotated_keys_are_published(browser: Browser) -> None:
    """The key set grows, and tokens of both generations are accepted."""
    old = (await browser.tokens())["access_token"]
    browser.standin.rotate_keys()
    new = (await browser.tokens())["access_token"]
    _, keys = await browser.json(f"{browser.standin.issuer}/jwks")

    assert len(keys["keys"]) == 16
    assert [(await browser.json(f"{browser.standin.clinic_url}/appointments", token))[0] for token in (old, new)] == [
        200,
        200,
    ]


def test_it_runs_alone_and_ends_on_request() -> None:
    """`python -m iris_standin` says where it listens and exits 0 on SIGTERM."""
    arguments = ["--port", "0", "--client-secret", "s", "--option", "access_token_seconds=5"]
    process = subprocess.Popen(
        [sys.executable, "-m", "iris_standin", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        cwd=PACKAGE.parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("issuer   http://127.0.0.1:")
        process.stderr.readline()
        process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize("option", ["nonsense", "unheard_of=1", "access_token_seconds=x"])
def test_a_wrong_command_line_exits_2(option: str) -> None:
    """With one line that says why, and no stack trace."""
    process = subprocess.run(
        [sys.executable, "-m", "iris_standin", "--option", option],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        timeout=20,
        check=False,
    )

    assert (process.returncode, "Traceback" in process.stderr) == (2, False)
    assert process.stderr


def test_it_imports_nothing_of_the_hub() -> None:
    """Stand-in and hub meet only over HTTP."""
    imported = {
        name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _modules(node)
    }

    assert not [name for name in imported if name.split(".")[0] == "hub"]


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
