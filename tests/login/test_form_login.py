"""The hidden token of the hub's own login form. What the form does stands in tests/web/test_form_login.py."""

from hub.login.form_login import form_token, form_token_matches
from hub.session.cookie import xsrf_token
from hub.session.model import BrowserId, SessionId

BROWSER = BrowserId.generate()


def test_belongs_to_browser_and_provider() -> None:
    """A token is good for the browser and the provider that it was made for, and for no other."""
    token = form_token(BROWSER, "main")

    assert form_token_matches(BROWSER, "main", token)
    assert not form_token_matches(BrowserId.generate(), "main", token)
    assert not form_token_matches(BROWSER, "other", token)


def test_anything_else() -> None:
    """Empty, shortened and foreign texts are refused, not taken for an error."""
    for text in ("", form_token(BROWSER, "main")[:-1], "é" * 64, "\x00"):
        assert not form_token_matches(BROWSER, "main", text)


def test_discloses_nothing() -> None:
    """The token shows neither the cookie, nor is it the CSRF token of a session that would have the same id."""
    assert BROWSER.reveal() not in form_token(BROWSER, "main")
    assert form_token(BROWSER, "main") != xsrf_token(SessionId(BROWSER.reveal()))
