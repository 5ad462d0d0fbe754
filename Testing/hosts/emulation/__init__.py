"""Host emulation, `host.py`."""
