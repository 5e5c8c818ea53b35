"""Which tokens are the same, and which are not."""

from itertools import combinations

import pytest

from hub.oidc.grants import TokenTarget
from hub.tokens.demand import TokenDemand

PLAIN = TokenDemand()
DEMANDS = [
    PLAIN,
    TokenDemand(target=TokenTarget(audience="lab")),
    TokenDemand(target=TokenTarget(resource="lab")),
    TokenDemand(target=TokenTarget(scopes=("lab",))),
    TokenDemand(target=TokenTarget(scopes=("lab", "x"))),
    TokenDemand(kind="exchange", target=TokenTarget(audience="lab")),
    TokenDemand(kind="client", target=TokenTarget(audience="lab")),
    TokenDemand(kind="client", target=TokenTarget(audience="lab"), provider="second"),
]


def test_each_demand_has_a_name_of_its_own() -> None:
    """A token that was got for one purpose is never found under the name of another."""
    for one, other in combinations(DEMANDS, 2):
        assert one.name != other.name


def test_order_of_scopes() -> None:
    """It makes no other token."""
    names = {TokenDemand(kind="client", target=TokenTarget(scopes=scopes)).name for scopes in (("a", "b"), ("b", "a"))}

    assert len(names) == 1


@pytest.mark.parametrize("demand", DEMANDS)
def test_plain(demand: TokenDemand) -> None:
    """The session's own token serves where a user's token without any target is wanted, and nowhere else."""
    assert demand.is_plain == (demand is PLAIN)
    assert not TokenDemand(kind="exchange").is_plain
    assert not TokenDemand(kind="client").is_plain
