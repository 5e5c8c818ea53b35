"""The settings of rate limits."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

NotNegative = Annotated[float, Meta(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Rate limits of one worker, per second. A burst may be ten times as large. 0: no limit.

    Attributes:
        requests_per_session: API requests of one session, over HTTP and all its channels together.
        requests_per_address: API requests without a login from one address (IPv6: one /64 network).
        upload_bytes_per_session: Bytes that the channels of one session may send. Above the limit, they are read more slowly.
        dials_per_session: Channels that one session may open.
        dials_per_address: Channels that one address may try to open. Many users may share an address.
        refused_dials_per_address: Rejected attempts to open a channel from one address: no login, a wrong CSRF token, no hello.
    """

    requests_per_session: NotNegative = 200.0
    requests_per_address: NotNegative = 100.0
    upload_bytes_per_session: NotNegative = 67108864.0
    dials_per_session: NotNegative = 5.0
    dials_per_address: NotNegative = 20.0
    refused_dials_per_address: NotNegative = 2.0
