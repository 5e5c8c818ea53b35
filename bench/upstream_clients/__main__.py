"""`python -m bench.upstream_clients`: what a request to a resource server costs with each client that may stand behind the door.

A 1 KB GET over kept connections, plain and TLS, one at a time and 50 at once. Each measurement is a process of its own; all
clients take turns in one run, and the table has the medians of all turns. Needs what `requirements-dev.txt` lists.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from statistics import median

from bench.upstream_clients.caller import CLIENTS
from tests.parties.certificates import Certificates, make_certificates

AT_ONCE = (1, 50)
REQUESTS = 10_000
ROUNDS = 5
HEADINGS = ("connection", "at once", *(f"{name}, us" for name in CLIENTS), *(f"x {name}" for name in CLIENTS if name != "pool"))

Case = tuple[str, int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.upstream_clients", description="Compare HTTP clients behind the door.")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="requests of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each case (default: %(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, serving(make_certificates(Path(folder))) as (urls, ca_file):
        print(table(measure_all(urls, ca_file, options.requests, options.rounds)))


def measure_all(urls: dict[str, str], ca_file: str, requests: int, rounds: int) -> dict[Case, dict[str, list[float]]]:
    """Return the microseconds of each round, by case and client; the clients take turns."""
    found: dict[Case, dict[str, list[float]]] = {case: {name: [] for name in CLIENTS} for case in product(urls, AT_ONCE)}
    for _, (case, costs), name in product(range(rounds), found.items(), CLIENTS):
        connection, at_once = case
        command = [sys.executable, "-m", "bench.upstream_clients.caller", name, urls[connection], ca_file, str(at_once)]
        costs[name].append(float(subprocess.check_output([*command, str(requests)])))
    return found


def table(found: dict[Case, dict[str, list[float]]]) -> str:
    """Return a Markdown table: medians, and how many times what the hub's own pool needs."""
    lines = [HEADINGS, ("---", *["---:"] * (len(HEADINGS) - 1))]
    for (connection, at_once), costs in found.items():
        middle = {name: median(rounds) for name, rounds in costs.items()}
        multiples = [f"{cost / middle['pool']:.1f}" for name, cost in middle.items() if name != "pool"]
        lines.append((connection, str(at_once), *(f"{cost:.0f}" for cost in middle.values()), *multiples))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@contextmanager
def serving(certificates: Certificates) -> Iterator[tuple[dict[str, str], str]]:
    """Run the resource server; yield its URLs, and the authority that its certificate is from."""
    command = [sys.executable, "-m", "bench.upstream_clients.server"]
    files = [str(certificates.certificate_file), str(certificates.key_file)]
    with subprocess.Popen([*command, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None and server.stdout is not None
        plain, tls = server.stdout.readline().decode().split()
        urls = {"plain": f"http://localhost:{plain}", "TLS": f"https://localhost:{tls}"}
        yield urls, str(certificates.authority_file)
        server.stdin.close()


if __name__ == "__main__":
    main()
