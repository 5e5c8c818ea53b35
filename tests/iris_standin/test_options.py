"""The toggles."""

import pytest

from iris_standin import Options, OptionsError


def test_changes_are_applied_together() -> None:
    """Changing toggles returns a new value and leaves the old one alone."""
    before = Options()

    after = before.changed({"access_token_seconds": 1, "refresh_policy": "cf", "supported_scopes": ["a"]})

    assert (after.access_token_seconds, after.refresh_policy, after.supported_scopes) == (1, "cf", ("a",))
    assert Options() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"acces_token_seconds": 5},
        {"access_token_seconds": 0},
        {"access_token_seconds": "5"},
        {"refresh_policy": "x"},
        {"signing_algorithm": "none"},
        {"rotate_refresh": 1},
    ],
)
def test_a_wrong_change_is_refused(changes: dict[str, object]) -> None:
    """An unknown name, or a value of the wrong type or range, is an error that names what is wrong."""
    with pytest.raises(OptionsError, match=r"no such option|Expected|Invalid"):
        Options().changed(changes)


def test_text_of_a_command_line_is_converted() -> None:
    """Numbers, truth values, lists and tables are read out of text."""
    options = Options().changed_by_text(
        {
            "access_token_seconds": "5",
            "rotate_refresh": "false",
            "supported_scopes": '["a", "b"]',
            "response_properties": '{"patient": "7"}',
        }
    )

    assert (
        options.access_token_seconds,
        options.rotate_refresh,
        options.supported_scopes,
        options.response_properties,
    ) == (5, False, ("a", "b"), {"patient": "7"})


def test_malformed_json_on_a_command_line_is_an_error() -> None:
    """A list that is no JSON is reported, not guessed at."""
    with pytest.raises(OptionsError, match="not valid JSON"):
        Options().changed_by_text({"supported_scopes": "[a"})
