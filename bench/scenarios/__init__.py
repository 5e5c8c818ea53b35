"""Scenarios of pages and connections, the hub beside its peers: latency, bursts, large bodies, slow readers, idle connections."""
