"""Both phantoms, made once."""

import pytest

from LCDFusionLib.phantom import Phantom
from Testing.kept_phantoms import head, thorax


@pytest.fixture(scope="session")
def thorax_phantom() -> Phantom:
    return thorax()


@pytest.fixture(scope="session")
def head_phantom() -> Phantom:
    return head()
