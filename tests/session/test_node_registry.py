"""Nodes that announce themselves on a real Redis, and what one of them lacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import StoreUnavailable
from hub.session.node_description import Lacking, NodeDescription, lacking
from hub.session.node_registry import MAX_DESCRIPTION_BYTES, NODES, PERIOD_SECONDS, NodeRegistry, read_nodes
from hub.session.redis_client import Redis
from tests.parties.clock import ManualClock
from tests.session.samples import ISSUERS, make_node

LAB = {"lab": "https://lab.example"}


class TestRegistry:
    """What stands in Redis."""

    async def test_announced_and_withdrawn(self, redis_client: Redis, clock: ManualClock) -> None:
        """Each process is there until it ends, and is there once however often it says so."""
        one, two = make_node("aa"), make_node("bb", "aa", name="two:8080", providers=LAB)
        registries = [NodeRegistry(redis_client, lambda each=each: each, clock) for each in (one, two)]
        for registry in registries * 2:
            await registry.announce()

        assert sorted(await read_nodes(redis_client), key=lambda node: node.name) == [one, two]
        await registries[0].withdraw()
        assert await read_nodes(redis_client) == [two]

    async def test_change(self, redis_client: Redis, clock: ManualClock) -> None:
        """After a change of keys, what the process had before is no longer there."""
        nodes = [make_node("aa"), make_node("bb", "aa")]
        registry = NodeRegistry(redis_client, lambda: nodes[0], clock)
        await registry.announce()
        nodes.pop(0)
        await registry.announce()

        assert await read_nodes(redis_client) == [make_node("bb", "aa")]

    async def test_process_that_is_gone(self, redis_client: Redis, clock: ManualClock) -> None:
        """A process that crashed counts no longer after its time, and the next announcement removes it."""
        registry = NodeRegistry(redis_client, lambda: make_node("aa"), clock)
        await registry.announce()
        (text,) = await redis_client.zrange(NODES, 0, -1)
        await redis_client.zadd(NODES, {text: 1.0})

        assert await read_nodes(redis_client) == []
        await NodeRegistry(redis_client, lambda: make_node("bb"), clock).announce()
        assert await redis_client.zcard(NODES) == 1

    @pytest.mark.parametrize(
        "text", [b"", b"[]", b'{"name":"x"}', b"[" * 5000, b"\xff", b'"%s"' % (b"x" * MAX_DESCRIPTION_BYTES)]
    )
    async def test_what_no_hub_writes(self, redis_client: Redis, clock: ManualClock, text: bytes) -> None:
        """What is no description is left out, and hides no other one."""
        await NodeRegistry(redis_client, lambda: make_node("aa"), clock).announce()
        await redis_client.zadd(NODES, {text: 9e9})

        assert await read_nodes(redis_client) == [make_node("aa")]

    async def test_key_of_another_type(self, redis_client: Redis, clock: ManualClock) -> None:
        """It stops nothing: there are no nodes then."""
        await redis_client.set(NODES, "x")
        registry = NodeRegistry(redis_client, lambda: make_node("aa"), clock)
        await registry.announce()
        await registry.leave_to_others(["bb"])
        await registry.withdraw()

        assert await read_nodes(redis_client) == []

    async def test_left_to_others(self, redis_client: Redis, clock: ManualClock) -> None:
        """Work is left to a node that has the key, and to nobody if there is none."""
        registry = NodeRegistry(redis_client, lambda: make_node("aa"), clock)
        await NodeRegistry(redis_client, lambda: make_node("bb", "cc", name="two:8080"), clock).announce()
        await registry.leave_to_others([])
        await registry.leave_to_others(["dd"])
        for key in ("bb", "cc"):
            with pytest.raises(StoreUnavailable):
                await registry.leave_to_others(["dd", key])


class TestReport:
    """What the log says of a node that lacks something."""

    @pytest.mark.expects_log
    async def test_logged_once(self, redis_client: Redis, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
        """Only what is still missing at the second look: a new key reaches the nodes one after the other."""
        await NodeRegistry(redis_client, lambda: make_node("bb", "cc", name="two:8080", providers=LAB), clock).announce()
        registry = NodeRegistry(redis_client, lambda: make_node("aa"), clock)
        counts = []
        for _ in range(4):
            await registry.look()
            counts.append(caplog.text.count("node.lacks"))

        assert counts == [0, 1, 1, 1]
        assert "lab (https://lab.example)" in caplog.text
        assert "['bb', 'cc']" in caplog.text

    async def test_nothing_is_missing(self, redis_client: Redis, clock: ManualClock) -> None:
        """A node that has what the others have, and more, says nothing."""
        await NodeRegistry(redis_client, lambda: make_node("aa", name="two:8080"), clock).announce()
        registry = NodeRegistry(redis_client, lambda: make_node("bb", "aa", providers=ISSUERS | LAB), clock)
        for _ in range(3):
            await registry.look()

    async def test_redis_is_down(self, redis_client: Redis, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        """The node goes on, and announces itself when Redis is back."""
        registry = NodeRegistry(redis_client, lambda: make_node("aa"), clock)

        async def fail(*_: object, **__: object) -> None:
            raise StoreUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(registry, "_announce", fail)
            await registry.look()
        await registry.look()

        assert await read_nodes(redis_client) == [make_node("aa")]
        assert PERIOD_SECONDS > 0


KEYS = st.lists(st.sampled_from(["aa", "bb", "cc", "dd"]), min_size=1, unique=True)
PROVIDERS = st.dictionaries(st.sampled_from(["main", "lab"]), st.sampled_from(["https://a.example", "https://b.example"]))
NODE = st.builds(NodeDescription, st.just("one"), st.just(1), KEYS.map(tuple), PROVIDERS)


@given(NODE, st.lists(NODE, max_size=3))
def test_lacking(node: NodeDescription, others: list[NodeDescription]) -> None:
    """With what it lacks, a node lacks nothing any more; without others, or beside itself, it lacks nothing."""
    missing = lacking(node, others)
    complete = NodeDescription("one", 1, (*node.keys, *missing.encrypting, *missing.decrypting), node.providers)

    assert not lacking(node, [node])
    assert not missing.encrypting & missing.decrypting
    assert bool(missing) == bool(missing.encrypting or missing.decrypting or missing.providers)
    assert lacking(complete, others) == Lacking(frozenset(), frozenset(), missing.providers)
    assert missing.encrypting == {other.keys[0] for other in others} - set(node.keys)
    assert missing.providers == {each for other in others for each in other.providers.items()} - set(node.providers.items())
