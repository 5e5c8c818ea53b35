"""TLS towards APIs."""

import ssl

from hub.config.settings import SettingsError


def trust(ca_file: str) -> ssl.SSLContext:
    """Return a context that verifies servers by the certificates of the system and those of `ca_file`, if it is not empty.

    Raises:
        SettingsError: `ca_file` cannot be read.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsError([f"routes.ca_file: {ca_file} holds no certificate (PEM) that can be read."]) from error
    return context
