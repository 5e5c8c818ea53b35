"""Effects of a route's preset on other settings. Pure."""

import dataclasses

from hub.config.allowed_providers import allowed_providers
from hub.config.settings import Settings

LAUNCH_CONTEXT = ("patient", "encounter", "fhirUser")
"""Members of a SMART token response that describe the launch context (SMART App Launch 2.2 section 2.0.9.6)."""


def with_presets(settings: Settings) -> Settings:
    """Return the settings with the defaults of the preset `fhir`. Explicit settings win.

    The token is requested with the base URL of the FHIR server as `aud`, and pages get the launch context.
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
    """Return the base URLs of all FHIR servers whose routes use the access token of sessions of the main provider."""
    routes = [route for route in settings.routes if route.preset == "fhir" and route.token == "user"]
    main = settings.provider.name, settings.provider.issuer
    return sorted({route.target.rstrip("/") for route in routes if main in allowed_providers(route, settings.issuers)})
