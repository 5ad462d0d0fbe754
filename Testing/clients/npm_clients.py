"""Viewers that are published on npm, unpacked into the virtual environment: `python -m Testing.clients.npm_clients`, which `make` runs.

`npm pack` and not `npm install`: the pages come ready built, and their hundreds of build tools are not wanted.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# Package: version, and the SHA-512 that the registry had for it.
CLIENTS = {
    "@ohif/app": ("3.13.2", "WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="),
    "@niivue/niivue": ("0.69.0", "YMjQvJgD1W2b7DuoxkwlC4VxbrgIePRJ5qyQzXKxi2v2MBVg285P/CIQyg46oDDGDIcaNlbd+MhtO/edMbXJkA=="),
    "dwv": ("0.36.4", "kXGlujGcCKSJD6s0THa2z4Kn/aVCdltvbgrn8g2WcTA8TgLZJHp6Z0Tbu3gxkerIaMCrTC4TbaWJI0nq9tPAFg=="),
    # How OHIF makes SUV of a PET.
    "@cornerstonejs/calculate-suv": ("1.1.0", "Q9XraiDJif9aMFArD2iEuDO/HXbcRVCqB7KfaHgDrdTTjgDFovS91Psbdim7crypRSvE6dh/+HKeFNHdvNkA6w=="),
    # Not a viewer: looks a page over for what people with disabilities cannot use.
    "axe-core": ("4.10.3", "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg=="),
    # What DWV imports.
    "jszip": ("3.10.1", "xXDvecyTpGLrqFrvkrUSoxxfJI5AH7U8zxxtVclpsUtMCq4JQ290LY8AW5c7Ggnr/Y/oK+bQMbqK2qmtk3pN4g=="),
    "konva": ("10.2.0", "JBoz0Xjbf49UPxCZegZ4WseqOzJ+C4AUDOtJ9eBve5RS5Fcq/u8TdBD5fDl/uPFInpC3a9uycm0sRyZpF4hheg=="),
    "magic-wand-tool": ("1.1.7", "S4rHzCs/bAp7nhQGKeg+McWuqrdyZKpnu8Ahd8AU7NzuLTm/Hh8tkpv1tW91Kmm59foIrXzip1d+P9NDoyxrZA=="),
}


def place(name: str) -> Path:
    """Where a client lies, or would."""
    return Path(sys.prefix) / "clients" / f"{name.strip('@').replace('/', '-')}-{CLIENTS[name][0]}"


def install() -> None:
    """Fetch and unpack what is not there yet."""
    if shutil.which("npm") is None:
        print("npm is not installed: the tests with OHIF, its SUV, NiiVue and DWV will be skipped.")
        return
    for name, (version, digest) in CLIENTS.items():
        if place(name).exists():
            continue
        with tempfile.TemporaryDirectory() as folder:
            command = ["npm", "pack", "--json", f"{name}@{version}", "--pack-destination", folder]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
            (archive,) = Path(folder).glob("*.tgz")
            found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
            if found != digest:
                raise SystemExit(f"{name} {version} from npm has the SHA-512 {found}, not the one in {__file__}.")
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
            meta = json.loads((Path(folder) / "package" / "package.json").read_text())
            assert meta["version"] == version
            place(name).parent.mkdir(exist_ok=True)
            shutil.move(str(Path(folder) / "package"), place(name))
        print(f"{name} {version}")


if __name__ == "__main__":
    install()
