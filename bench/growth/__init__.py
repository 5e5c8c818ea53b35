"""The cost of a request as something grows: connections, sessions, requests in flight, routes."""
