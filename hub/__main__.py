"""`python -m hub`: the same as the command `hub`."""

import sys

from hub.server import main

sys.exit(main())
