"""When an access token is due for its refresh. Pure; `jitter` is drawn by the caller."""

from dataclasses import replace

from hub.session.model import TokenSet

MARGIN_SECONDS = 30.0
MARGIN_SHARE = 0.1
MARGIN_SHARE_AT_MOST = 0.2  # of a token that lives for a minute, the margin must not eat the half
JITTER_SHARE = 0.25  # of the margin: sessions that began together do not refresh together


def margin_seconds(lifetime_seconds: float, clock_difference: float = 0.0) -> float:
    """Return how long before its end a token is refreshed: 30 s or 10 % of its life, but never more than 20 %.

    Parameters:
        clock_difference: Seconds between the provider's clock and ours. The resource server reads the token's end by a clock of
            its own, which may be as far off as ours: the margin grows by that much, up to half of the token's life.
    """
    margin = min(max(MARGIN_SECONDS, MARGIN_SHARE * lifetime_seconds), MARGIN_SHARE_AT_MOST * lifetime_seconds)
    return min(margin + abs(clock_difference), max(margin, lifetime_seconds / 2))


def scheduled(tokens: TokenSet, jitter: float, clock_difference: float = 0.0) -> TokenSet:
    """Return `tokens` with their due time.

    Parameters:
        jitter: Between 0 and 1; the larger, the earlier, by at most a quarter of the margin.
        clock_difference: Seconds between the provider's clock and ours.
    """
    if tokens.expires_at is None or tokens.refresh_token is None:
        return replace(tokens, due_at=None)
    margin = margin_seconds(tokens.expires_at - tokens.obtained_at, clock_difference)
    return replace(tokens, due_at=tokens.expires_at - margin * (1 + JITTER_SHARE * jitter))
