"""`/token`: the grants, and the ways in which a token endpoint fails."""

import asyncio
from collections.abc import Mapping
from typing import Any

from iris_standin import grants
from iris_standin.client_authentication import authenticate
from iris_standin.errors import OAuthError
from iris_standin.journal import Entry
from iris_standin.web.base import AuthorityHandler


class TokenHandler(AuthorityHandler):
    """RFC 6749 section 3.2."""

    entry: Entry

    def prepare(self) -> None:
        """Open the journal entry of this request."""
        self.entry = self.journal.open("token", self.request.method or "", self.request.path, self.authority.now())

    async def post(self) -> None:
        """Answer a token request, unless a toggle makes it fail."""
        form = self.form()
        self.entry.grant_type = form.get("grant_type", "")
        if self.authority.options.token_latency:
            await asyncio.sleep(self.authority.options.token_latency)
        if self._take("token_500_once"):
            self.set_status(500)
            self.journal.close(self.entry, "unavailable", 500)
            self.finish("The service failed.")
            return
        response = self._answer(form)
        if self.entry.grant_type == "refresh_token" and self._take("drop_connection_after_rotation"):
            self.journal.close(self.entry, "dropped")
            self.detach().close()
            return
        self.forbid_caching()
        self.journal.close(self.entry, "issued", 200)
        self.finish(response)

    def on_connection_close(self) -> None:
        """Note that the caller went away before the answer."""
        self.journal.close(self.entry, "aborted")

    def _answer(self, form: Mapping[str, str]) -> dict[str, Any]:
        try:
            client = authenticate(self.authority.known_clients(), self.authorization, form)
            self.entry.client_id = client.client_id
            return grants.answer(self.authority, client, form)
        except OAuthError as error:
            self.journal.close(self.entry, error.error, error.status)
            raise

    def _take(self, name: str) -> bool:
        """Return a toggle that works once, and set it back."""
        value: bool = getattr(self.authority.options, name)
        if value:
            self.authority.options = self.authority.options.changed({name: False})
        return value
