"""The stand-in for IRIS in a process of its own, with a refresh token for each of many users: `python -m bench.ground.provider`.

Prints its issuer, and serves until the parent closes standard input.
"""

import argparse
import asyncio
import sys
import time

from bench.ground.members import provider_session, refresh_token, subject
from bench.loop import loop_factory
from iris_standin import Client, Options, Standin
from iris_standin.model import AuthorizationRequest, TokenRow

CLIENT_ID, CLIENT_SECRET = "bench", "bench-secret"
SCOPES = ("openid", "profile", "offline_access")


def put_users(standin: Standin, count: int, now: float) -> None:
    """Let the stand-in know `count` users as if they had logged in: each has a refresh token that is good once."""
    request = AuthorizationRequest(client_id=CLIENT_ID, redirect_uri="", scopes=SCOPES)
    for number in range(count):
        row = TokenRow(
            code=f"code-{number}",
            client_id=CLIENT_ID,
            username=subject(number),
            sid=provider_session(number),
            request=request,
            auth_time=now,
            redeemed=True,
            refresh_token=refresh_token(number),
            refresh_expires_at=now + 86400.0,
        )
        standin._authority.state.put_row(row)  # ten thousand logins through its pages would take minutes


async def serve(options: Options, users: int) -> None:
    """Serve on a free port of the loopback interface."""
    standin = Standin(options, [Client(CLIENT_ID, CLIENT_SECRET)])
    put_users(standin, users, time.time())
    await standin.start()
    print(standin.issuer, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await standin.stop()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m bench.ground.provider", description=__doc__)
    parser.add_argument("--users", type=int, default=0)
    parser.add_argument("--token-seconds", type=int, default=3600, help="life of an access token")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that the token endpoint takes")
    parsed = parser.parse_args()
    options = Options(access_token_seconds=parsed.token_seconds, token_latency=parsed.latency)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(options, parsed.users))


if __name__ == "__main__":
    main()
