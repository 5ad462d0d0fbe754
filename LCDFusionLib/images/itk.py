"""SimpleITK, loaded when something of it is asked for first: 90 MB and a tenth of a second, which most that look at volumes never need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import SimpleITK as sitk
else:

    class _WhenAskedFor:
        def __getattr__(self, name: str) -> Any:
            import SimpleITK

            return getattr(SimpleITK, name)

    sitk = _WhenAskedFor()

__all__ = ["sitk"]
