"""A stand-in for InterSystems IRIS: an OAuth 2.0 / OpenID Connect authorization server and a sample REST application.

For the demo and the tests. It keeps everything in memory, believes whoever can reach it, and must never serve real users.
It imports nothing of the hub, and the hub nothing of it: the two meet only over HTTP. README.md says which behaviour is
sourced, inferred or guessed.
"""

from iris_standin.model import Client, User
from iris_standin.options import Options, OptionsError
from iris_standin.standin import Standin
from iris_standin.users import USERS

__all__ = ["USERS", "Client", "Options", "OptionsError", "Standin", "User"]
