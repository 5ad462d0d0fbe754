"""A place for the real command, which stands on the same function."""

import pytest

from Testing.cli.place import Place


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)
