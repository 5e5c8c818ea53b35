"""The records of the clinic, in memory. Pure. All names are invented."""

import hashlib
import itertools
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(min_length=1, max_length=100)]

T = TypeVar("T")

FAMILY_NAMES = [
    "Arnfell",
    "Brackwater",
    "Corvane",
    "Dunmorrow",
    "Elstead",
    "Farrowind",
    "Galbraint",
    "Hollister-Vey",
    "Ingwald",
    "Jorrickson",
]
GIVEN_NAMES = ["Ada", "Benno", "Clío", "Dorian", "Elin", "Fergus", "Greta", "Hanno"]
CITIES = ["Aldermoor", "Brightwell", "Castlereed", "Dunvale"]
REASONS = ("Check-up", "Blood pressure", "Vaccination", "Follow-up", "Physiotherapy")
FIRST_DAY = date(2026, 1, 12)
PATIENTS = 40


class RecordMissing(Exception):
    """There is no patient with this number."""


class RecordChanged(Exception):
    """The patient was changed since the version that the writer has seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDraft:
    """What a client may write of a patient."""

    family_name: Text
    given_name: Text
    birth_date: date
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    city: Annotated[str, Meta(max_length=100)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient; `version` counts the changes."""

    id: int
    version: int
    draft: PatientDraft

    @property
    def etag(self) -> str:
        """The entity tag (RFC 9110 section 8.8.3): changes with every change of content."""
        content = f"{self.id}/{self.version}/{self.draft}"
        return f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"'

    def as_json(self) -> dict[str, Any]:
        """Return the members that a client sees."""
        members = asdict(self.draft) | {"birth_date": self.draft.birth_date.isoformat()}
        return {"id": self.id, "version": self.version, **members}


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A visit; `at` is local time, ISO 8601."""

    id: int
    patient_id: int
    at: str
    minutes: int
    reason: str


class Records:
    """Patients and appointments."""

    def __init__(self) -> None:
        self._patients = {patient.id: patient for patient in _seeded_patients()}
        self._next_id = itertools.count(PATIENTS + 1)
        self.appointments = tuple(_seeded_appointments())

    def search(self, text: str) -> list[Patient]:
        """Return the patients with `text` in a name or the city, regardless of case, in order of their numbers."""
        wanted = text.casefold()
        return [patient for patient in self._patients.values() if wanted in _searchable(patient.draft)]

    def patient(self, patient_id: int) -> Patient:
        """Return a patient.

        Raises:
            RecordMissing: There is none with this number.
        """
        if patient_id not in self._patients:
            raise RecordMissing(str(patient_id))
        return self._patients[patient_id]

    def add(self, draft: PatientDraft) -> Patient:
        """Store a new patient."""
        patient = Patient(id=next(self._next_id), version=1, draft=draft)
        self._patients[patient.id] = patient
        return patient

    def change(self, patient_id: int, draft: PatientDraft, if_match: str) -> Patient:
        """Store new contents of a patient.

        Parameters:
            if_match: Header `If-Match`; empty to change whatever is there.

        Raises:
            RecordMissing: There is none with this number.
            RecordChanged: `if_match` names another version.
        """
        patient = self._matching(patient_id, if_match)
        self._patients[patient_id] = replace(patient, version=patient.version + 1, draft=draft)
        return self._patients[patient_id]

    def remove(self, patient_id: int, if_match: str) -> None:
        """Delete a patient. Raises as `change` does."""
        del self._patients[self._matching(patient_id, if_match).id]

    def _matching(self, patient_id: int, if_match: str) -> Patient:
        patient = self.patient(patient_id)
        tags = [tag.strip() for tag in if_match.split(",")]
        if if_match and "*" not in tags and patient.etag not in tags:
            raise RecordChanged(str(patient_id))
        return patient


def parse_draft(body: bytes) -> PatientDraft:
    """Read a patient that a client sent as JSON.

    Raises:
        ValueError: It is no JSON, or a member is missing or wrong; the text names it.
    """
    return msgspec.json.decode(body, type=PatientDraft)


def page_of(items: list[T], page: int, size: int) -> list[T]:
    """Return the items of a page; pages count from 1."""
    return items[(page - 1) * size : page * size]


def _searchable(draft: PatientDraft) -> str:
    return f"{draft.given_name} {draft.family_name} {draft.city}".casefold()


def _seeded_patients() -> list[Patient]:
    return [Patient(id=number + 1, version=1, draft=_seeded_draft(number)) for number in range(PATIENTS)]


def _seeded_draft(number: int) -> PatientDraft:
    return PatientDraft(
        family_name=FAMILY_NAMES[number % len(FAMILY_NAMES)],
        given_name=GIVEN_NAMES[number * 3 % len(GIVEN_NAMES)],
        birth_date=date(1940, 3, 1) + timedelta(days=number * 677),
        sex="female" if number % 2 else "male",
        city=CITIES[number * 7 % len(CITIES)],
    )


def _seeded_appointments() -> list[Appointment]:
    return [
        Appointment(
            id=number + 1,
            patient_id=number * 11 % PATIENTS + 1,
            at=f"{FIRST_DAY + timedelta(days=number // 6)}T{8 + number % 6:02}:{15 * (number % 4):02}",
            minutes=15 + 15 * (number % 3),
            reason=REASONS[number % len(REASONS)],
        )
        for number in range(60)
    ]
