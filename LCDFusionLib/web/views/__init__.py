"""The slice views in the browser: Slicer's own, drawn here and sent as pictures."""

from .linked_views import LinkedViews

__all__ = ["LinkedViews"]
