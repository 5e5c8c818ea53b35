"""What one request passes in the hub: its modules, in the order in which they call each other."""
