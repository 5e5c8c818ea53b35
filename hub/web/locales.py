"""Choose the language of an application by what the browser asks for (RFC 9110 section 12.5.4, RFC 4647). Pure."""

from collections.abc import Iterator, Sequence

MAX_RANGES = 32  # further languages of a browser are ignored


def choose_locale(accept_language: str, locales: Sequence[str], default: str) -> str:
    """Return the locale that fits `Accept-Language` best, or `default`.

    This is the lookup of RFC 4647 section 3.4, and a language also finds a variety of it: `de` finds `de-CH`.
    """
    for wanted in _ranges(accept_language):
        for tag in _shorter_and_shorter(wanted):
            if found := _find(tag, locales):
                return found
    return default


def _find(tag: str, locales: Sequence[str]) -> str | None:
    same = (locale for locale in locales if locale.lower() == tag)
    variety = (locale for locale in locales if locale.lower().startswith(f"{tag}-"))
    return next(same, None) or next(variety, None)


def _shorter_and_shorter(tag: str) -> Iterator[str]:
    """Yield `zh-hant-tw`, `zh-hant`, `zh`."""
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def _ranges(accept_language: str) -> list[str]:
    """Return the language ranges, the most wanted first, without `*` and without those that are not acceptable."""
    weighted = []
    for part in accept_language.split(",", MAX_RANGES)[:MAX_RANGES]:
        tag, _, parameter = part.partition(";")
        weight = _weight(parameter)
        if weight > 0 and tag.strip() not in ("", "*"):
            weighted.append((weight, tag.strip().lower()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def _weight(parameter: str) -> float:
    """Return the weight of a range (RFC 9110 section 12.4.2): 1 without one, 0 if it cannot be read."""
    name, _, value = parameter.replace(" ", "").partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.lower() == "q" else 1.0
    except ValueError:
        return 0.0
