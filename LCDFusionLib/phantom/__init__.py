"""Digital phantoms: a thorax (CT and FDG PET) and a head (MR and FDG PET) with known lesions, for machines that have no patient."""

from .head_phantom import head
from .phantom import Lesion, Phantom
from .study import write_study
from .thorax_phantom import thorax

__all__ = ["Lesion", "Phantom", "head", "thorax", "write_study"]
