"""A page to keep of a reading: what stands on it, and its PDF."""
