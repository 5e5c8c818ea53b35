"""The rows of the matrix: each is one application, how it is compiled, and what is done with it in a browser."""

from dataclasses import dataclass
from pathlib import Path

from conformance.angular import stories
from conformance.angular.stories import Story

FOLDER = Path(__file__).parent
CLIENT = FOLDER.parent.parent / "client"


@dataclass(frozen=True, slots=True)
class Row:
    """An application of one version of Angular.

    Attributes:
        workspace: Folder beside this file, with the lock file of its packages.
        story: What a user does, and what has to come of it.
        configuration: Of the build, in `angular.json`.
        policy: Setting `static.content_security_policy`; empty: the default.
        copies: Files and folders that are copied into the workspace before the build, and where to. The library
            is built first if it is to be copied.
        is_smoke: Whether `.ci/run` has time for it.
    """

    name: str
    workspace: str
    story: Story
    configuration: str = ""
    policy: str = "angular-styles"
    copies: tuple[tuple[Path, str], ...] = ()
    is_smoke: bool = False

    @property
    def folder(self) -> Path:
        """The workspace."""
        return FOLDER / self.workspace

    @property
    def output(self) -> Path:
        """The folder with the built application, which the hub serves."""
        return self.folder / "dist" / self.configuration


LEGACY = ((FOLDER / "legacy" / "src", "src"), (CLIENT / "legacy" / "hub.ts", "src/hub.ts"))
LIBRARY = tuple((CLIENT / "dist" / name, f"node_modules/{name}") for name in ("iris-hub-core", "iris-hub-client"))


ROWS = (
    Row("legacy-7", "7", stories.legacy, policy="angular-legacy", copies=LEGACY, is_smoke=True),
    Row("legacy-12", "12", stories.legacy, copies=LEGACY),
    Row("legacy-15", "15", stories.legacy, copies=LEGACY),
    Row("offline-21", "21", stories.offline, "offline", copies=LIBRARY, is_smoke=True),
    Row("offline-everywhere-21", "21", stories.offline, "offline-everywhere", copies=LIBRARY),
    Row("fallback-worker-21", "21", stories.worker, "fallback-worker", copies=LIBRARY),
    Row("pass-through-worker-21", "21", stories.worker, "pass-through-worker", copies=LIBRARY),
    Row("localized-21", "21", stories.localized, "localized", copies=LIBRARY, is_smoke=True),
    Row("folder-21", "21", stories.folder, "folder", copies=LIBRARY),
    Row("prerendered-21", "21", stories.prerendered, "prerendered", policy="", copies=LIBRARY, is_smoke=True),
)
