"""The settings of rate limits."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

NotNegative = Annotated[float, Meta(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """How often one session, or one address, may ask, on each worker. Ten times a second's worth may come at once; 0: no limit.

    Attributes:
        requests_per_session: API requests of one session in a second, over HTTP and all its channels together.
        requests_per_address: API requests without a login from one address (IPv6: one /64 network) in a second.
        upload_bytes_per_session: What the channels of one session may send in a second; then they are read more slowly.
        dials_per_session: Channels that one session may open in a second.
        dials_per_address: Channels that one address may try to open in a second. Many people may share one.
        refused_dials_per_address: Of those, how many may be refused: no login, a wrong CSRF token, no hello.
    """

    requests_per_session: NotNegative = 200.0
    requests_per_address: NotNegative = 100.0
    upload_bytes_per_session: NotNegative = 67108864.0
    dials_per_session: NotNegative = 5.0
    dials_per_address: NotNegative = 20.0
    refused_dials_per_address: NotNegative = 2.0
