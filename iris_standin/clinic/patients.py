"""`/patients`, `/patients/<id>` and `/appointments`: ordinary JSON resources."""

from dataclasses import asdict

from iris_standin.clinic.base import ClinicHandler
from iris_standin.clinic.errors import CspError
from iris_standin.clinic.records import Patient, PatientDraft, page_of, parse_draft

MAX_PAGE_SIZE = 100


class PatientsHandler(ClinicHandler):
    """The collection."""

    def get(self) -> None:
        """Answer with one page of the patients that fit `q`."""
        page = int(self.number("page", 1, least=1, most=1_000_000))
        size = int(self.number("size", 20, least=1, most=MAX_PAGE_SIZE))
        found = self.clinic.records.search(self.get_query_argument("q", ""))
        items = [patient.as_json() for patient in page_of(found, page, size)]
        self.finish({"items": items, "page": page, "size": size, "total": len(found)})

    def head(self) -> None:
        """Do as GET does; Tornado leaves the body out."""
        self.get()

    def post(self) -> None:
        """Store a new patient; answer 201 with its URL."""
        patient = self.clinic.records.add(_draft(self.request.body))
        _tell_change(self, patient)
        self.set_status(201)
        self.set_header("Location", f"{self.clinic.url}/patients/{patient.id}")
        _answer(self, patient)


class PatientHandler(ClinicHandler):
    """One patient, guarded against lost updates by ETag and If-Match (RFC 9110 section 13.1.1)."""

    def get(self, number: str) -> None:
        """Answer with the patient; 304 if `If-None-Match` names this version."""
        patient = self.clinic.records.patient(int(number))
        self.set_header("Etag", patient.etag)
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        _answer(self, patient)

    def head(self, number: str) -> None:
        """Do as GET does; Tornado leaves the body out."""
        self.get(number)

    def put(self, number: str) -> None:
        """Replace the patient; 412 if `If-Match` names another version."""
        if_match = self.request.headers.get("If-Match", "")
        patient = self.clinic.records.change(int(number), _draft(self.request.body), if_match)
        _tell_change(self, patient)
        _answer(self, patient)

    def delete(self, number: str) -> None:
        """Delete the patient; 412 if `If-Match` names another version."""
        self.clinic.records.remove(int(number), self.request.headers.get("If-Match", ""))
        self.clinic.news.tell("removed", {"id": int(number), "by": self.caller.subject})
        self.set_status(204)


class AppointmentsHandler(ClinicHandler):
    """The appointments."""

    def get(self) -> None:
        """Answer with all appointments, or those of `patient`."""
        number = int(self.number("patient", 0, least=0, most=1_000_000))
        fitting = [item for item in self.clinic.records.appointments if number in (0, item.patient_id)]
        self.finish({"items": [asdict(item) for item in fitting], "total": len(fitting)})


def _draft(body: bytes) -> PatientDraft:
    try:
        return parse_draft(body)
    except ValueError as error:
        raise CspError(400, "InvalidPatient", str(error)) from error


def _tell_change(handler: ClinicHandler, patient: Patient) -> None:
    draft = patient.draft
    names = {"family_name": draft.family_name, "given_name": draft.given_name}
    handler.clinic.news.tell("changed", {"id": patient.id, "version": patient.version, **names, "by": handler.caller.subject})


def _answer(handler: ClinicHandler, patient: Patient) -> None:
    handler.set_header("Etag", patient.etag)
    handler.finish(patient.as_json())
