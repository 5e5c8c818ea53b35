"""The site around the toolkit: Django's own login view, an API that the toolkit protects, and what tests may ask."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from journal import Journal
from oauth2_provider.decorators import protected_resource, protected_resource_metadata
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import ConnectDiscoveryInfoView


class Claims(OAuth2Validator):  # type: ignore[misc]  # the toolkit has no types
    """The toolkit's extension point for claims besides `sub`."""

    def get_additional_claims(self) -> dict[str, Any]:
        """Return what the user's name and address are; the toolkit gives each to the scopes that allow it."""
        return {
            "preferred_username": lambda request: request.user.username,
            "name": lambda request: request.user.username.title(),
            "email": lambda request: request.user.email,
        }


class Discovery(ConnectDiscoveryInfoView):  # type: ignore[misc]  # the toolkit has no types
    """The toolkit's document, in which an operator may name the revocation endpoint too: it is only in that of RFC 8414."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the document."""
        response: HttpResponse = super().get(request, *args, **kwargs)
        if settings.ANNOUNCES_REVOCATION:
            document = json.loads(response.content)
            document["revocation_endpoint"] = self._get_endpoint_url(request, "revoke-token", required=True)
            response.content = json.dumps(document)
        return response


def who(request: HttpRequest) -> HttpResponse:
    """Answer with the user whom the access token stands for."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    name = request.resource_owner.username
    return JsonResponse({"subject": name, "token": hashlib.sha256(token.encode()).hexdigest()})


def journal(request: HttpRequest) -> HttpResponse:
    """Answer with all that has happened."""
    return JsonResponse({"entries": Journal.entries, "issued": Journal.issued})


urlpatterns = [
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("journal", journal, name="journal"),
    path("api/who", protected_resource_metadata(scopes=["api"])(who), name="who"),
    path("bare/who", protected_resource(scopes=["api"])(who), name="bare-who"),
    path("o/.well-known/openid-configuration", Discovery.as_view(), name="discovery"),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
