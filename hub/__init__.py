"""The hub keeps OAuth 2.0 tokens on the web server and lends them to REST requests of a browser that never sees one."""

__version__ = "0.1.0"
