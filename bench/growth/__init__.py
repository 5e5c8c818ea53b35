"""What a request costs as something grows: connections, sessions, requests in flight, routes."""
