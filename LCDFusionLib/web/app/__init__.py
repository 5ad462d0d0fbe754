"""One reader's session: the panel and the workflow, on trame and Slicer's components; ``python -m LCDFusionLib.web.app`` is its process."""
