"""The URL map of the REST application."""

from typing import Any

from iris_standin.clinic import answers, patients, sockets, streams
from iris_standin.clinic.base import Clinic, ClinicHandler

PATHS: tuple[tuple[str, type[ClinicHandler]], ...] = (
    ("/health", answers.HealthHandler),
    ("/patients", patients.PatientsHandler),
    ("/patients/([0-9]{1,9})", patients.PatientHandler),
    ("/appointments", patients.AppointmentsHandler),
    ("/documents", streams.DocumentsHandler),
    ("/report", streams.ReportHandler),
    ("/stream", streams.StreamHandler),
    ("/slow", streams.SlowHandler),
    ("/echo", answers.EchoHandler),
    ("/redirect", answers.RedirectHandler),
    ("/error", answers.ErrorHandler),
    ("/forbidden", answers.ForbiddenHandler),
    ("/unauthorized", answers.UnauthorizedHandler),
    ("/basic", answers.BasicHandler),
    ("/socket", sockets.EchoSocketHandler),
    ("/.*", answers.UnknownHandler),
)


def clinic_routes(clinic: Clinic) -> list[tuple[str, type[ClinicHandler], dict[str, Any]]]:
    """Return the handlers under the path of `clinic`."""
    return [(clinic.path + path, handler, {"clinic": clinic}) for path, handler in PATHS]
