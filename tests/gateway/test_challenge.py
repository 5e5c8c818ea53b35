"""What a resource server asks for with WWW-Authenticate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gateway.challenge import StepUpChallenge, step_up_challenge

ERROR = 'error="insufficient_user_authentication"'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f'Bearer {ERROR}, acr_values="phrh mfa", max_age="5"', StepUpChallenge("phrh mfa", 5)),
        (f'bearer realm="a, b", {ERROR}, max_age=0', StepUpChallenge("", 0)),
        (f'Basic realm="x", Bearer {ERROR}', StepUpChallenge("", None)),
        (f'DPoP {ERROR}, error_description="a \\"quoted\\" word", acr_values=mfa', StepUpChallenge("mfa", None)),
        (f'Bearer {ERROR}, max_age="-1", acr_values="a\tb"', StepUpChallenge("", None)),
        (f'Bearer {ERROR}, max_age="{"9" * 40}"', StepUpChallenge("", None)),
        ('Bearer error="invalid_token"', None),
        ("Bearer", None),
        (f"Basic {ERROR}", None),
        ("", None),
    ],
)
def test_challenges(value: str, expected: StepUpChallenge | None) -> None:
    """RFC 9470 section 3: only this error of a Bearer challenge asks for a better login."""
    assert step_up_challenge([("Content-Type", "text/plain"), ("WWW-Authenticate", value)]) == expected


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Whatever a server writes there, it is understood or ignored, and nothing of it can leave its parameter."""
    found = step_up_challenge([("www-authenticate", f"Bearer {ERROR}, acr_values={text}")])

    assert found is None or found.acr_values.isprintable()
