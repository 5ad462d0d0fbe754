"""The notebook of the documentation does what it shows."""

import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "cohort.ipynb"


def words(text):
    """Without the digits, which are not the same on every processor."""
    return re.sub(r"-?\d+\.\d+", "#", text).split()


def test_the_cohort():
    names = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec("".join(cell["source"]), names)
            assert words(printed.getvalue()) == words("".join(line for output in cell["outputs"] for line in output["text"]))
    assert names["table"].shape == (3, 3)
    assert not names["folder"].exists()
