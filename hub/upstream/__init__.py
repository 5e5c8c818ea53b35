"""HTTP/1.1 towards resource servers: requests and answers as bytes, connections that carry them, and the pool of those."""
