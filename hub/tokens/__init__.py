"""A usable access token for every request: when tokens are due, how they are refreshed, who may have one."""
