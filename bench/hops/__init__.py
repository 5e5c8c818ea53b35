"""The path of one request through the hub: its modules, in the order in which they call each other."""
