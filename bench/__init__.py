"""Benchmarks of the hub: what one API call costs over HTTP and over the channel, against calling the upstream directly."""
