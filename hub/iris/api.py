"""IRIS as a server of APIs: all that the pipeline has to know about it. Pure."""

from hub.gateway.api_profile import ApiProfile
from hub.iris import error_documents, reserved, reserved_fields

IGNORED_COOKIES = frozenset({"cspbrowserid", "irissessiontoken"})
"""IRIS logs in any client with the first cookie without a password. The second is for IRIS's own login page."""

SESSION_COOKIES = ("cspsessionid", "cspwserverid")
"""The CSP session, `CSPSESSIONID-SP-...`, and the server that has it."""

NO_LICENSE = 503  # while each session takes a licence unit, and none is free

IRIS_API = ApiProfile(
    without_reserved=reserved.without_reserved,
    is_ordinary=reserved.is_ordinary,
    path_refusal=reserved.path_refusal,
    body_check=reserved_fields.form_check,
    empty_refusal=error_documents.empty_refusal,
    may_be_error=error_documents.may_be_document,
    error_problem=error_documents.problem_of,
    exhausted_status=NO_LICENSE,
    session_cookies=SESSION_COOKIES,
    ignored_cookies=IGNORED_COOKIES,
)
