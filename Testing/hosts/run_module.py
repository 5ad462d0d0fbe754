"""Runs a scripted module of a folder of modules under host emulation: its self test, or opens it. `run_module.py [--open] MODULE.py`."""

import sys
from pathlib import Path

module_file = Path(sys.argv[-1]).resolve()
# The library that lies beside the module, and no other that this Python may know.
sys.path[:0] = [str(module_file.parent), str(Path(__file__).resolve().parent)]

from emulation import host  # noqa: E402

host.start()
module = host.Module(module_file)

import LCDFusionLib  # noqa: E402

assert Path(LCDFusionLib.__file__).is_relative_to(module_file.parent), f"{LCDFusionLib.__file__} does not belong to {module_file}"
if "--open" in sys.argv:
    module.open()
    module.close()
else:
    getattr(module.python, f"{module.name}Test")().runTest()
print("passed")
