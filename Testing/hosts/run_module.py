"""Runs a scripted module of a folder of modules under host emulation: its self test, opens it, or goes through a case.

`run_module.py [--open | --case] MODULE.py`
"""

import sys
from pathlib import Path

module_file = Path(sys.argv[-1]).resolve()
# The library that lies beside the module, and no other that this Python may know.
sys.path[:0] = [str(module_file.parent), str(module_file.parents[1]), str(Path(__file__).resolve().parent)]

from emulation import host  # noqa: E402

host.start()
module = host.Module(module_file)

import LCDFusionLib  # noqa: E402

# Beside the module in an installed extension, one folder up in a checkout.
assert Path(LCDFusionLib.__file__).parents[1] in module_file.parents[:2], f"{LCDFusionLib.__file__} does not belong to {module_file}"
if "--open" in sys.argv:
    module.open()
    module.close()
elif "--case" in sys.argv:
    import case

    case.go_through(module)
else:
    getattr(module.python, f"{module.name}Test")().runTest()
print("passed")
