"""The units of the documents, as systemd itself reads them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
UNITS = dict(re.findall(r"`/etc/systemd/system/([\w-]+\.service)`:\n\n```ini\n(.*?)```", DEPLOY.read_text(encoding="utf-8"), re.DOTALL))


@pytest.mark.parametrize("name", ["lcdfusion.service", "lcdfusion-node.service"])
def test_systemd_finds_nothing_to_say(name, tmp_path):
    """`systemd-analyze verify` names lines that it does not know with exit code 0: it must be silent. The program is one that is here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian package systemd)")
    unit = tmp_path / name
    unit.write_text(UNITS[name].replace("/opt/lcdfusion/bin/lcdfusion", shutil.which("true")).replace("User=lcdfusion\n", ""))
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
