"""When an access token is due for refresh. Pure; the caller draws `jitter`."""

from dataclasses import replace

from hub.session.model import TokenSet

MARGIN_SECONDS = 30.0
MARGIN_SHARE = 0.1
MARGIN_SHARE_AT_MOST = 0.2  # 30 s would be half the life of a token that is valid for a minute
JITTER_SHARE = 0.25  # of the margin, so that sessions that began together do not refresh together


def margin_seconds(lifetime_seconds: float, clock_difference: float = 0.0) -> float:
    """Return how many seconds before its expiry a token is refreshed: 30 s or 10 % of its lifetime, at most 20 % of it.

    Parameters:
        clock_difference: Seconds between the provider's clock and ours. The API checks the expiry by its own clock, which may
            differ as much. The margin grows by this difference, up to half of the token's lifetime.
    """
    margin = min(max(MARGIN_SECONDS, MARGIN_SHARE * lifetime_seconds), MARGIN_SHARE_AT_MOST * lifetime_seconds)
    return min(margin + abs(clock_difference), max(margin, lifetime_seconds / 2))


def scheduled(tokens: TokenSet, jitter: float, clock_difference: float = 0.0) -> TokenSet:
    """Return `tokens` with the time at which they are due for refresh; None without expiry or refresh token.

    A larger `jitter` (0 to 1) makes tokens due earlier, by at most a quarter of the margin.
    """
    if tokens.expires_at is None or tokens.refresh_token is None:
        return replace(tokens, due_at=None)
    margin = margin_seconds(tokens.expires_at - tokens.obtained_at, clock_difference)
    return replace(tokens, due_at=tokens.expires_at - margin * (1 + JITTER_SHARE * jitter))
