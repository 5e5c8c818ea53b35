"""What the command line can do besides running the hub: one module for each command, with `register(subparsers)`."""
