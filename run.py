"""The on-prem way to start the hub: `python run.py [--config conf/hub.toml]`, or `python run.py --demo` to see it at work.

`python run.py keys` and `python run.py sessions` are for operators; `--help` lists what they do.

Where the hub's packages are not installed, they are put into a virtual environment beside this file first.
"""

import importlib.util
import sys

NEEDED = ("tornado", "authlib", "jwt", "redis", "aiohttp", "httptools", "msgspec", "structlog", "prometheus_client")


def main() -> int:
    """Start the demo or the hub; return the exit code."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        import bootstrap

        bootstrap.enter(".venv", "--editable", ".")
    if "--demo" in sys.argv:
        from iris_standin import demo

        return demo.main([argument for argument in sys.argv[1:] if argument != "--demo"])
    from hub import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
