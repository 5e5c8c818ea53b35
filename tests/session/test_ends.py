"""Why sessions end."""

from typing import get_args

import pytest

from hub.session.ends import END_DETAILS, ended, ended_by
from hub.session.model import EndReason


def test_each_reason_is_explained() -> None:
    """No reason leaves its user without a sentence, and none is explained that does not exist."""
    assert set(END_DETAILS) == set(get_args(EndReason))


@pytest.mark.parametrize("reason", get_args(EndReason))
def test_error(reason: EndReason) -> None:
    """The error carries the sentence and the reason."""
    error = ended(reason)

    assert (error.detail, error.extensions["reason"]) == (END_DETAILS[reason], reason)


def test_actors() -> None:
    """The audit names who did it; whatever nobody did the hub did."""
    actors = {reason: ended_by(reason) for reason in get_args(EndReason)}

    assert actors == {
        **dict.fromkeys(["logout", "elsewhere", "replaced", "other_user"], "user"),
        **dict.fromkeys(["provider", "refused", "no_refresh_token", "identity"], "provider"),
        **dict.fromkeys(["idle", "absolute", "last_channel"], "hub"),
        "operator": "operator",
    }
