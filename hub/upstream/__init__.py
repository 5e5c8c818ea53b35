"""HTTP/1.1 client for APIs: encodes requests, parses responses, and pools connections. Independent of the rest of the hub."""
