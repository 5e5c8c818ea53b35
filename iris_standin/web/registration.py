"""`/register`: dynamic client registration (RFC 7591) and its management (RFC 7592)."""

import json
import secrets
from dataclasses import replace
from typing import Any, TypeGuard

from iris_standin.errors import OAuthError
from iris_standin.model import Client
from iris_standin.web.base import AuthorityHandler


class RegistrationHandler(AuthorityHandler):
    """Registers clients. Whoever registered one may read, change and delete it with the token that came with the answer."""

    def post(self, client_id: str | None = None) -> None:
        """Answer 201 with the new client (RFC 7591 section 3.2.1)."""
        metadata = self._metadata()
        is_public = metadata.get("token_endpoint_auth_method") == "none"
        secret = "" if is_public else secrets.token_urlsafe(64)
        client = _client(secrets.token_urlsafe(32), secret, metadata)
        self.authority.state.clients[client.client_id] = client
        token = self.authority.state.registration_tokens[client.client_id] = secrets.token_urlsafe(32)
        self.set_status(201)
        self._answer(client, token)

    def get(self, client_id: str | None = None) -> None:
        """Answer with a client."""
        client, token = self._managed(client_id)
        self._answer(client, token)

    def put(self, client_id: str | None = None) -> None:
        """Replace the metadata of a client (RFC 7592 section 2.2)."""
        client, token = self._managed(client_id)
        changed = _client(client.client_id, client.client_secret, self._metadata())
        self.authority.state.clients[client.client_id] = changed
        self._answer(changed, token)

    def delete(self, client_id: str | None = None) -> None:
        """Forget a client."""
        client, _ = self._managed(client_id)
        del self.authority.state.clients[client.client_id]
        del self.authority.state.registration_tokens[client.client_id]
        self.set_status(204)

    def _managed(self, client_id: str | None) -> tuple[Client, str]:
        token = self.authority.state.registration_tokens.get(client_id or "", "")
        if client_id is None or not token or not secrets.compare_digest(token, self.bearer_token()):
            raise OAuthError("invalid_token", status=401, challenge="Bearer")
        return self.authority.state.clients[client_id], token

    def _metadata(self) -> dict[str, Any]:
        try:
            metadata = json.loads(self.request.body)
        except ValueError as error:
            raise OAuthError("invalid_client_metadata", "the body must be JSON") from error
        if not isinstance(metadata, dict):
            raise OAuthError("invalid_client_metadata", "the body must be a JSON object")
        if not _are_texts(metadata.get("redirect_uris")) or not metadata["redirect_uris"]:
            raise OAuthError("invalid_client_metadata", "redirect_uris must name one URI at least")
        return metadata

    def _answer(self, client: Client, token: str) -> None:
        self.forbid_caching()
        seconds = self.authority.options.client_secret_seconds
        members = {
            "client_id": client.client_id,
            "client_id_issued_at": int(self.authority.now()),
            "registration_access_token": token,
            "registration_client_uri": f"{self.authority.issuer}/register/{client.client_id}",
            "redirect_uris": list(client.redirect_uris),
            "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
            "frontchannel_logout_uri": client.frontchannel_logout_uri,
        }
        if client.is_confidential:
            expires_at = int(self.authority.now()) + seconds if seconds else 0
            members |= {"client_secret": client.client_secret, "client_secret_expires_at": expires_at}
        self.finish(members)


def _client(client_id: str, client_secret: str, metadata: dict[str, Any]) -> Client:
    client = Client(client_id, client_secret, tuple(metadata["redirect_uris"]))
    after_logout = metadata.get("post_logout_redirect_uris", [])
    return replace(
        client,
        post_logout_redirect_uris=tuple(after_logout) if _are_texts(after_logout) else (),
        frontchannel_logout_uri=str(metadata.get("frontchannel_logout_uri", "")),
    )


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
