"""Replays the stored response to a request that was executed before."""

from hub.errors import (
    AnswerNotKept,
    DeadlineExceeded,
    OutcomeUnknown,
    ResourceServerBroken,
    ResourceServerTimeout,
    UploadStalled,
)
from hub.gateway.messages import ApiResponse
from hub.idempotency.outcome import Answered, Failed, Outcome

KINDS = {kind.slug: kind for kind in (ResourceServerBroken, ResourceServerTimeout, DeadlineExceeded, UploadStalled)}


def replay(outcome: Outcome) -> ApiResponse:
    """Return the stored response.

    Raises:
        AnswerNotKept: The response was too large to store.
        HubError: The request ended with this error.
    """
    match outcome:
        case Failed(slug, detail):
            raise KINDS.get(slug, OutcomeUnknown)(detail)
        case Answered(status, _, None):
            raise AnswerNotKept(answered_status=status)
        case Answered(status, headers, bytes() as body):
            return ApiResponse(status=status, headers=headers, body=body, body_bytes=len(body), replayed=True)
    raise AssertionError(outcome)  # pragma: no cover - the cases are all there are
