"""One request pipeline for both front doors (HTTP proxy and channel), and the door to the resource server."""
