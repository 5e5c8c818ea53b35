"""`POST /topics/<topic>` of the admin listener: back ends publish events, with the secret of a publisher."""

from collections.abc import Sequence

from msgspec.structs import replace

from hub.config.settings import PublisherSettings
from hub.errors import BadRequest, BodyTooLarge, Problem
from hub.primitives.json_decoder import UnreadableJson
from hub.telemetry import audit
from hub.topics.model import Publication, may_publish, publisher_of
from hub.topics.publication import publication_of
from hub.topics.publisher_limits import PublisherLimits
from hub.topics.topics import Topics
from hub.web.admin_api import AdminApiHandler

OFF = Problem(
    "urn:hub:problem:not-found", "There is nothing here", 404, "Publishing is disabled. Add [[publishers]] to the settings."
)
UNKNOWN_PUBLISHER = Problem("about:blank", "Unauthorized", 401, "Send the secret of a publisher as `Authorization: Bearer ...`.")
NOT_ALLOWED = Problem(
    "about:blank", "Forbidden", 403, "This publisher may not publish to this topic. See topics of its [[publishers]] table."
)


class TopicHandler(AdminApiHandler):
    """Publishes events of back ends."""

    def initialize(self, topics: Topics, publishers: Sequence[PublisherSettings], limits: PublisherLimits, largest: int) -> None:
        """Store the services of the route table. `largest`: the maximum size of an event's data, in bytes."""
        self._topics = topics
        self._publishers = publishers
        self._limits = limits
        self._largest = largest

    async def post(self, topic: str) -> None:
        """Publish one event."""
        publisher = publisher_of(self._publishers, self.shown_token())
        if not self._publishers:
            self.refuse(OFF)
        elif publisher is None:
            self.set_header("WWW-Authenticate", 'Bearer realm="hub topics"')
            self._refuse(UNKNOWN_PUBLISHER, topic, "")
        elif not may_publish(publisher, topic):
            self._refuse(NOT_ALLOWED, topic, publisher.name)
        else:
            self._limits.count(publisher, len(self.request.body))
            settings, publication = self._topics.settings_of(topic), self._publication(topic)
            await self._limits.admit(publisher, topic)
            position = await self._topics.store.publish(topic, settings, publication)
            self.set_status(201)
            self.write_json({"id": position})

    def _publication(self, topic: str) -> Publication:
        try:
            publication = publication_of(self.request.body)
        except UnreadableJson as error:
            raise BadRequest(f"The event is not valid: {error}. Send a JSON object {{name, data, to}}.") from error
        if len(bytes(publication.data)) > self._largest:
            raise BodyTooLarge(f"The data of an event may have at most {self._largest} bytes.", max_body_bytes=self._largest)
        return replace(publication, to=self._topics.audience_of(topic).with_issuer(publication.to))

    def _refuse(self, problem: Problem, topic: str, publisher: str) -> None:
        audit.record(
            "audit.publisher_refused", outcome="failure", topic=topic, publisher=publisher, address=self.request.remote_ip
        )
        self.refuse(problem)
