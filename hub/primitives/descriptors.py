"""How many file descriptors this process may have, and how many of them are kept free."""

import resource

LARGEST_RESERVE = 4  # a fourth of the file descriptors at most


def descriptor_limit() -> int:
    """Return how many file descriptors this process may have (RLIMIT_NOFILE); 0: there is no limit."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if limit == resource.RLIM_INFINITY else limit


def effective_reserve(limit: int, reserve: int) -> int:
    """Return how many of `limit` descriptors are kept free: `reserve`, but no more than a fourth of them."""
    return min(reserve, limit // LARGEST_RESERVE)
