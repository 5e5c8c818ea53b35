"""`python -m hub`: the same as the command `hub`."""

import signal
import sys

signal.pthread_sigmask(
    signal.SIG_BLOCK, [signal.SIGHUP]
)  # before the imports, which take long: see `hub.process.server.hold_reloads`

from hub.cli import main  # noqa: E402

sys.exit(main())
