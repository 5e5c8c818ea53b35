"""A hub in front of the API of the contract suite."""

from tests.web.conftest import build_house as build_house
from tests.web.conftest import root as root
