"""Other HTTP clients behind the same door, to choose between them by measurement (`python -m bench.upstream_clients`)."""
