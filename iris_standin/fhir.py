"""`/csp/healthshare/clinic/fhir/r4`: the patients of the clinic as a FHIR R4 server with SMART scopes shows them.

Its URLs are absolute, in bundles and headers. Errors are OperationOutcomes.
"""

from typing import Any
from urllib.parse import urlencode

from iris_standin.clinic.base import Clinic, ClinicHandler
from iris_standin.clinic.errors import CspError
from iris_standin.clinic.records import Patient, page_of
from iris_standin.keys import InvalidToken

FHIR_PATH = "/csp/healthshare/clinic/fhir/r4"
FHIR_JSON = "application/fhir+json; charset=utf-8"


class FhirHandler(ClinicHandler):
    """Base of the handlers; each request needs a token with a SMART scope for what it reads."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error as an OperationOutcome."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if not isinstance(error, CspError):
            super().write_error(status_code, **kwargs)
            return
        self.set_status(error.status)
        if error.challenge:
            self.set_header("WWW-Authenticate", error.challenge)
        code = {401: "login", 403: "forbidden", 404: "not-found"}.get(error.status, "invalid")
        issue = {"severity": "error", "code": code, "diagnostics": f"{error.name} {error.data}".strip()}
        self.answer({"resourceType": "OperationOutcome", "issue": [issue]})

    def answer(self, resource: dict[str, Any]) -> None:
        """Answer with a resource."""
        self.write(resource)
        self.set_header("Content-Type", FHIR_JSON)  # after `write`, which sets another one
        self.finish()

    def granted(self) -> str:
        """Return what the token may read: `all`, or `own` for the patient of the launch context.

        Raises:
            CspError: 403: no SMART scope for patients, or no patient to whom it applies.
        """
        claims = self._claims()
        scopes = str(claims.get("scope", "")).split()
        if any(scope.startswith(("user/", "system/")) for scope in scopes):
            return "all"
        if not any(scope.startswith("patient/") for scope in scopes):
            raise CspError(403, "InsufficientScope")
        if not self.clinic.authority.options.response_properties.get("patient"):
            raise CspError(403, "NoPatientContext")
        return "own"

    def readable(self) -> list[Patient]:
        """Return the patients that the token may read."""
        patients = self.clinic.records.search("")
        if self.granted() == "all":
            return patients
        own = self.clinic.authority.options.response_properties["patient"]
        return [patient for patient in patients if str(patient.id) == own]

    def _claims(self) -> dict[str, Any]:
        authority = self.clinic.authority
        row = authority.access_row(self.caller.token)
        if row is not None:
            return {"scope": " ".join(row.scopes)}
        try:
            return authority.claims_offline(self.caller.token)
        except InvalidToken as error:
            raise CspError(401, "InvalidAccessToken", str(error), challenge="Bearer") from error


class MetadataHandler(FhirHandler):
    """The capability statement, which is open."""

    needs_token = False

    def get(self) -> None:
        """Answer with it."""
        authority = self.clinic.authority
        uris = [{"url": name, "valueUri": f"{authority.issuer}/{name}"} for name in ("authorize", "token")]
        oauth = {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", "extension": uris}
        self.answer(
            {
                "resourceType": "CapabilityStatement",
                "status": "active",
                "kind": "instance",
                "fhirVersion": "4.0.1",
                "format": ["application/fhir+json"],
                "implementation": {"description": "stand-in", "url": self.clinic.url},
                "rest": [{"mode": "server", "security": {"extension": [oauth]}, "resource": [{"type": "Patient"}]}],
            }
        )


class SmartConfigurationHandler(FhirHandler):
    """`.well-known/smart-configuration` (SMART App Launch 2.0), which is open."""

    needs_token = False

    def get(self) -> None:
        """Answer with it."""
        issuer = self.clinic.authority.issuer
        self.set_header("Content-Type", "application/json")
        self.finish(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks",
                "grant_types_supported": ["authorization_code"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "fhirUser", "launch/patient", "patient/*.read", "user/*.read", "offline_access"],
                "capabilities": ["launch-standalone", "client-confidential-symmetric", "context-standalone-patient"],
            }
        )


class PatientSearchHandler(FhirHandler):
    """`GET Patient`, a page at a time."""

    def get(self) -> None:
        """Answer with a Bundle whose links lead on and back."""
        found = self.readable()
        page = int(self.number("page", 1, least=1, most=1_000_000))
        size = int(self.number("_count", 5, least=1, most=100))
        links = [("self", page)] + [("next", page + 1)] * (page * size < len(found)) + [("previous", page - 1)] * (page > 1)
        self.answer(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": len(found),
                "link": [{"relation": name, "url": self._url(number, size)} for name, number in links],
                "entry": [self._entry(patient) for patient in page_of(found, page, size)],
            }
        )

    def _url(self, page: int, size: int) -> str:
        return f"{self.clinic.url}/Patient?{urlencode({'_count': size, 'page': page})}"

    def _entry(self, patient: Patient) -> dict[str, Any]:
        return {
            "fullUrl": f"{self.clinic.url}/Patient/{patient.id}",
            "resource": _resource(patient),
            "search": {"mode": "match"},
        }


class PatientReadHandler(FhirHandler):
    """`GET Patient/<id>`."""

    def get(self, number: str) -> None:
        """Answer with the patient."""
        patient = next((patient for patient in self.readable() if str(patient.id) == number), None)
        if patient is None:
            raise CspError(404, "ResourceNotFound", f"Patient/{number}")
        self.set_header("Content-Location", f"{self.clinic.url}/Patient/{number}/_history/1")
        self.answer(_resource(patient))


class OtherHandler(FhirHandler):
    """Every other path."""

    def get(self) -> None:
        """Answer 404."""
        raise CspError(404, "UnknownResource", self.request.path)


def _resource(patient: Patient) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": str(patient.id),
        "name": [{"family": patient.draft.family_name, "given": [patient.draft.given_name]}],
    }


def fhir_routes(clinic: Clinic) -> list[tuple[str, type[ClinicHandler], dict[str, Any]]]:
    """Return the handlers under the path of `clinic`."""
    paths: list[tuple[str, type[ClinicHandler]]] = [
        ("/metadata", MetadataHandler),
        (r"/\.well-known/smart-configuration", SmartConfigurationHandler),
        ("/Patient", PatientSearchHandler),
        ("/Patient/([0-9]{1,9})", PatientReadHandler),
        ("/.*", OtherHandler),
    ]
    return [(clinic.path + path, handler, {"clinic": clinic}) for path, handler in paths]
