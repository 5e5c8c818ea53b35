"""Who may subscribe to a topic, and whom an event reaches, where several providers have users."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import TopicSettings
from hub.errors import BadRequest, HubError, ProviderNotAllowed, TokenNotIssued
from hub.session.model import Session
from hub.topics.audience import TopicAudience
from hub.topics.model import Recipient
from tests.session.samples import make_session, make_tokens

ISSUERS = {"main": "https://iris.example/oauth2", "lab": "https://lab.example", "twin": "https://lab.example"}
NAMES = list(ISSUERS)
SCOPES = ["", "ward", "lab.read"]


def session_of(provider: str, *, scope: str = "", issuer: str | None = None, subject: str = "alice") -> Session:
    """Return a session that a login at this provider has begun."""
    tokens = replace(make_tokens(), scope=scope)
    return replace(make_session(tokens=tokens, subject=subject), provider=provider, issuer=issuer or ISSUERS[provider])


def audience(issuers: dict[str, str] = ISSUERS, **settings: Any) -> TopicAudience:
    """Return the audience of a topic."""
    return TopicAudience.compile(TopicSettings(name="ward", **settings), issuers)


def may_subscribe(topic: TopicAudience, session: Session) -> bool:
    """Return whether a session may subscribe; an event for all reaches it exactly then."""
    try:
        topic.require(session)
    except HubError:
        allowed = False
    else:
        allowed = True
    assert topic.includes(session, Recipient()) is allowed
    return allowed


def test_only_allowed_providers() -> None:
    """Users of another provider are refused, and learn where to log in."""
    topic = audience(allowed_providers=["lab"])
    with pytest.raises(ProviderNotAllowed) as caught:
        topic.require(session_of("main"))

    assert caught.value.extensions == {"login_url": "/hub/login?provider=lab"}
    topic.require(session_of("lab"))


def test_scope_of_its_own_provider() -> None:
    """The scope that one provider gives out is none at the other."""
    topic = audience(allowed_providers=["main", "lab"], scope={"main": "ward", "lab": "nursing"})
    topic.require(session_of("main", scope="openid ward"))
    topic.require(session_of("lab", scope="nursing"))

    with pytest.raises(TokenNotIssued):
        topic.require(session_of("lab", scope="ward"))


def test_name_that_now_belongs_to_another_issuer() -> None:
    """A session from before a change of the settings has no right of the provider that has its name now."""
    assert not may_subscribe(audience(allowed_providers=["*"]), session_of("lab", issuer="https://former.example"))


class TestRecipient:
    """A subject, and a scope, are those of one issuer."""

    @pytest.mark.parametrize("to", [Recipient(subject="alice"), Recipient(scope="ward"), Recipient(subject="alice", session="a")])
    def test_without_issuer(self, to: Recipient) -> None:
        """Where several issuers have subscribers, it is rejected, with what to add. A stored one reaches nobody."""
        topic = audience(allowed_providers=["main", "lab"])
        with pytest.raises(BadRequest, match=r"Add to\.issuer: https://iris\.example/oauth2 or https://lab\.example\."):
            topic.with_issuer(to)

        assert not any(topic.includes(session_of(name, scope="ward"), to) for name in ("main", "lab"))

    @pytest.mark.parametrize("allowed", [["main"], ["lab", "twin"]])
    def test_only_issuer_is_filled_in(self, allowed: list[str]) -> None:
        """It can mean one issuer only, even of two providers."""
        topic = audience(allowed_providers=allowed)

        assert topic.with_issuer(Recipient(subject="alice")) == Recipient(subject="alice", issuer=ISSUERS[allowed[0]])
        assert topic.includes(session_of(allowed[0]), Recipient(subject="alice"))

    @pytest.mark.parametrize("issuer", ["https://lab.example/", "https://iris.example/oauth2", "urn:nobody"])
    def test_unknown_issuer(self, issuer: str) -> None:
        """A misspelled issuer, or that of users who may not subscribe, would reach nobody: an error with the known ones."""
        for to in (Recipient(issuer=issuer), Recipient(issuer=issuer, subject="alice"), Recipient(issuer=issuer, scope="ward")):
            with pytest.raises(BadRequest, match=r"^to\.issuer: .* Known: https://lab\.example\.$"):
                audience(allowed_providers=["lab"]).with_issuer(to)

    @pytest.mark.parametrize("to", [Recipient(), Recipient(session="a"), Recipient(issuer=ISSUERS["lab"], subject="alice")])
    def test_unchanged(self, to: Recipient) -> None:
        """All subscribers, one session, and a user with an issuer are clear."""
        assert audience(allowed_providers=["*"]).with_issuer(to) is to

    def test_one_provider(self) -> None:
        """Without [[providers]] the issuer is that of the provider."""
        only = {"main": ISSUERS["main"]}

        assert audience(only).with_issuer(Recipient(subject="alice")).issuer == only["main"]


@given(
    allowed=st.lists(st.sampled_from([*NAMES, "gone"]), unique=True),
    scopes=st.fixed_dictionaries({name: st.sampled_from(SCOPES) for name in [*NAMES, "gone"]}),
    provider=st.sampled_from(NAMES),
    granted=st.sampled_from(SCOPES),
    to=st.builds(
        Recipient,
        subject=st.sampled_from(["", "alice"]),
        issuer=st.sampled_from(["", *ISSUERS.values()]),
        scope=st.sampled_from(SCOPES),
    ),
)
def test_any_combination(allowed: list[str], scopes: dict[str, str], provider: str, granted: str, to: Recipient) -> None:
    """A session gets an event only by its own provider: allowed, with that provider's scope, as a user of the issuer named."""
    topic, session = audience(allowed_providers=allowed, scope=scopes), session_of(provider, scope=granted)

    assert may_subscribe(topic, session) is (provider in allowed and scopes[provider] in ("", granted))
    if topic.includes(session, to):
        assert provider in allowed
        assert (
            to.issuer == session.issuer
            or not (to.subject or to.scope)
            or {ISSUERS.get(name) for name in allowed} <= {session.issuer, None}
        )
