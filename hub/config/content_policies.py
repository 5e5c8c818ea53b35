"""The Content-Security-Policy of pages: the default, and presets for applications that it does not suit. Pure."""

_SCRIPTS = "default-src 'self'; script-src 'self'; "
_REST = (
    "img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types angular angular#bundler angular#components default"
_INLINE_STYLES = "style-src 'self' 'unsafe-inline'; "

DEFAULT = f"{_SCRIPTS}style-src 'self' 'nonce-{{nonce}}'; {_REST}{_TRUSTED_TYPES}"
"""Styles need the nonce of their page. The client makes the Trusted Types policy `default` to admit a service worker."""

PRESETS = {
    "angular-styles": f"{_SCRIPTS}{_INLINE_STYLES}{_REST}{_TRUSTED_TYPES}",
    "angular-legacy": f"{_SCRIPTS}{_INLINE_STYLES}{_REST}",
}
"""Policies by the names that `static.content_security_policy` may have in their place.

`angular-styles` allows inline styles: a page without a nonce is the same in each response, as service workers require.
`angular-legacy` has no Trusted Types either: Angular before 12 assigns strings to `innerHTML`.
"""

SINGLE_WORDS = frozenset({"sandbox", "upgrade-insecure-requests", "block-all-mixed-content"})
"""Directives that are a policy without anything else (CSP Level 3)."""


def policy_of(setting: str) -> str:
    """Return the policy that a preset stands for, or the setting itself."""
    return PRESETS.get(setting, setting)


def is_policy(setting: str) -> bool:
    """Return whether a setting is a preset or looks like a policy: a misspelled preset would allow everything."""
    words = setting.split()
    return setting in PRESETS or len(words) != 1 or words[0].rstrip(";") in SINGLE_WORDS
