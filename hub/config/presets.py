"""What a preset of a route means for the other settings. Pure."""

import dataclasses

from hub.config.settings import MAIN_PROVIDER, Settings

LAUNCH_CONTEXT = ("patient", "encounter", "fhirUser")
"""What a SMART authorization server says about the launch (SMART App Launch 2.2 section 2.0.9.6), for the page to know."""


def with_presets(settings: Settings) -> Settings:
    """Return the settings with what the preset `fhir` of a route adds to them, where the operator has said nothing else.

    The token is asked for with the base URL of the FHIR server as its audience, and pages learn the launch context.
    """
    bases = fhir_bases(settings)
    if not bases:
        return settings
    provider, session = settings.provider, settings.session
    parameters = ({"aud": bases[0]} if len(bases) == 1 else {}) | provider.authorization_parameters
    claims = [*session.claims, *(name for name in LAUNCH_CONTEXT if name not in session.claims)]
    return dataclasses.replace(
        settings,
        provider=dataclasses.replace(provider, authorization_parameters=parameters),
        session=dataclasses.replace(session, claims=claims),
    )


def fhir_bases(settings: Settings) -> list[str]:
    """Return the base URLs of the FHIR servers that get the user's own token."""
    routes = [route for route in settings.routes if route.preset == "fhir" and route.token == "user"]
    return sorted({route.target.rstrip("/") for route in routes if route.provider == MAIN_PROVIDER})
