"""Commands of the command line. Each module has a function `register(subparsers)` that adds its command."""
