"""`python -m fuzz codec|connection|answer|request|doors|all [SECONDS]`: looks for inputs that take new ways through the code.

A defect ends the run with a traceback, and the input that shows it is in a file `crash-...`. What else was found is merged into
`fuzz/corpus`, without what adds nothing. `doors` injects faults at the awaits of a whole hub instead, and has no corpus. `all`
runs each target for so many seconds, and merges nothing. The first run installs what is needed into `.venv-fuzz`.
"""

import asyncio
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
DICTIONARY = Path(__file__).parent / "words.dict"
SEED = "seed-"  # written by hand, or kept from a defect: never thrown away
TARGETS = ("codec", "connection", "answer", "request")
DOORS = "doors"
ALL = "all"
REQUIREMENTS = ("--editable", ".", "atheris>=2.3")
LONGEST_INPUT_BYTES = {"codec": 1024, "connection": 400, "answer": 400, "request": 400}


def fuzz(target: str, program: str, arguments: Sequence[str]) -> None:
    """Hand over to the fuzzer, which ends the process; `program` is what it may run to get another of itself."""
    import atheris

    with atheris.instrument_imports(include=["hub.channel", "hub.upstream", "hub.listener", "fuzz"]):
        from fuzz.answer_target import check_answer
        from fuzz.codec_target import check_codec
        from fuzz.connection_target import check_connection
        from fuzz.request_target import check_request
    checks = {"codec": check_codec, "connection": check_connection, "answer": check_answer, "request": check_request}

    def check(data: bytes) -> None:
        checks[target](data)

    atheris.Setup([program, *arguments], check)
    atheris.Fuzz()


def main(target: str, seconds: int) -> int:
    """Run one target and merge what it finds, or run all; return an exit code."""
    if target == DOORS:
        return run_doors(seconds)
    if target != ALL:
        return run(target, seconds, merges=True)
    for each in TARGETS:
        print(f"{each}:", flush=True)
        if code := run(each, seconds, merges=False):
            return code
    print(f"{DOORS}:", flush=True)
    return run_doors(seconds)


def run_doors(seconds: int) -> int:
    """Inject faults at the doors of a hub for a while; return an exit code. A defect ends it with a traceback."""
    from fuzz.doors_target import fuzz_doors
    from hub.telemetry import log

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        log.configure("ERROR", "json", nowhere)
        seed = time.time_ns() % 1_000_000
        print(f"seed {seed}", flush=True)
        print(asyncio.run(fuzz_doors(seconds, seed)), flush=True)
    return 0


def run(target: str, seconds: int, *, merges: bool) -> int:
    """Fuzz for a while, then keep the smallest corpus that goes every way that was found, if it `merges`; return an exit code."""
    kept = CORPUS / target
    kept.mkdir(parents=True, exist_ok=True)
    size = f"-max_len={LONGEST_INPUT_BYTES[target]}"
    words = [f"-dict={DICTIONARY}"] if target == "codec" else []
    with tempfile.TemporaryDirectory() as folder:
        found, merged = Path(folder, "found"), Path(folder, "merged")
        found.mkdir()
        merged.mkdir()
        program = Path(folder, "fuzz")
        program.write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fuzz --inside {target} "$0" "$@"\n', encoding="utf-8"
        )
        program.chmod(0o700)
        code = subprocess.call(
            [program, size, *words, f"-max_total_time={seconds}", "-print_final_stats=1", str(found), str(kept)]
        )
        if code or not merges:
            return code
        if code := subprocess.call([program, size, "-use_counters=0", "-merge=1", str(merged), str(kept), str(found)]):
            return code
        for file in kept.iterdir():
            if not file.name.startswith(SEED):
                file.unlink()
        for file in merged.iterdir():
            (kept / file.name[:16]).write_bytes(file.read_bytes())
    print(f"{kept}: {len(list(kept.iterdir()))} inputs")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        fuzz(sys.argv[2], sys.argv[3], sys.argv[4:])
    elif len(sys.argv) in (2, 3) and sys.argv[1] in (*TARGETS, DOORS, ALL):
        import bootstrap

        bootstrap.enter(".venv-fuzz", *REQUIREMENTS)
        sys.exit(main(sys.argv[1], int((sys.argv[2:] or ["300"])[0])))
    else:
        sys.exit(__doc__)
