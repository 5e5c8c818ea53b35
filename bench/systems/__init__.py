"""The systems that are compared: how each is installed, configured, started, logged in to, and reached."""
