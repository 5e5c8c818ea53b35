"""The HTTP face of the authorization server and of the switches for tests: read, call one function, write."""
