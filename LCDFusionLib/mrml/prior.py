"""A prior study in a scene: which pairs may be one, of whom it is, and the registration onto the anatomy of now.

The prior's volumes stay where they lie. What the registration found is a transform node beside them with nothing under it, which a saved
scene keeps; it counts while both anatomies lie as they lay.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TypeAlias

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from LCDFusionLib.dicom import Mismatch
from LCDFusionLib.dicom.identity import identity_is_known
from LCDFusionLib.images.registration import Registration
from LCDFusionLib.images.volume import LPS_TO_RAS
from LCDFusionLib.mrml.belonging import description_of, pair_mismatches, patient_and_day
from LCDFusionLib.mrml.dicom_source import FindFile, no_file
from LCDFusionLib.mrml.inputs import choose_pair, originals
from LCDFusionLib.mrml.nodes import ijk_to_ras, kept_in
from LCDFusionLib.mrml.prior_offer import PriorOffer, prior_title
from LCDFusionLib.mrml.transforms import REGISTRATION_ATTRIBUTE, transform_node

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"
Pair: TypeAlias = tuple[Node, Node]

_PLACES, _FIXED, _MOVING = "LCDFusion.PriorPlaces", "LCDFusion.priorOf", "LCDFusion.prior"
_CONFIRMED = "LCDFusion.PriorConfirmed"
_SAME_MM = 1e-3


class ScenePriors:
    """Pairs of a scene that may be a prior study, for a host that has all of them in its scene; looked for when its volumes have changed.

    Args:
        find_file: of the host.
    """

    def __init__(self, find_file: FindFile = no_file) -> None:
        self._find_file = find_file
        self._of: tuple[object, ...] = ()
        self._found: dict[str, Pair] = {}
        self._offers: list[PriorOffer] = []

    def offers(self, pair: Pair | None) -> list[PriorOffer]:
        """Beside the pair on show, by the ID of their function; of the same patient first, then the latest first."""
        if pair is None or pair[0].GetScene() is None:
            return []
        scene, kind = pair[0].GetScene(), "vtkMRMLScalarVolumeNode"
        volumes = [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]
        of = (*(node.GetID() for node in pair), *((node.GetID(), node.GetName(), node.GetMTime()) for node in volumes))
        if of != self._of:
            self._of, self._found = of, self._look(pair)
            ranked = [(self._rank(pair, prior), self._offer(key, prior)) for key, prior in self._found.items()]
            self._offers = [offer for _, offer in sorted(ranked, key=lambda each: each[0])]
        return self._offers

    def pair(self, key: str) -> Pair | None:
        """Of an offer; None where it is not there any more."""
        found = self._found.get(key)
        return found if found is not None and all(node.GetScene() is not None for node in found) else None

    def _look(self, pair: Pair) -> dict[str, Pair]:
        """Each other PET or SPECT with the anatomy that belongs to it."""
        found = {}
        for function in originals(pair[0].GetScene(), self._find_file):
            other = choose_pair(function.GetScene(), find_file=self._find_file, of=[function])
            if function not in pair and other is not None and other[0] is not pair[0]:
                found[function.GetID()] = other
        return found

    def _rank(self, pair: Pair, prior: Pair) -> tuple[bool, int]:
        day = patient_and_day(prior[1], self._find_file)[1].replace("-", "")
        return bool(prior_mismatches(pair, prior, self._find_file)), -int(day) if day.isdigit() else 0

    def _offer(self, key: str, prior: Pair) -> PriorOffer:
        patient, day = patient_and_day(prior[1], self._find_file)
        return PriorOffer(key, prior_title(day, patient, " + ".join(node.GetName() for node in prior)))


def prior_mismatches(pair: Pair, prior: Pair, find_file: FindFile = no_file) -> tuple[Mismatch, ...]:
    """What says that the prior is another patient's; another date is what one expects of it."""
    found = [each for both in zip(pair, prior, strict=True) for each in pair_mismatches(*both, find_file) if each.is_of_patient]
    return tuple({each.kind: each for each in found}.values())


def is_of_known_patient(pair: Pair, prior: Pair, find_file: FindFile = no_file) -> bool:
    """False where the headers do not say whose images the two are."""
    return identity_is_known(description_of(pair[1], find_file), description_of(prior[1], find_file))


def confirm_prior(pair: Pair, prior: Pair, *, agreed: bool) -> None:
    """The person takes it on themselves to compare this pair with another patient's; it holds for these four volumes alone."""
    prior[1].SetAttribute(_CONFIRMED, json.dumps([node.GetID() for node in (*pair, *prior)]) if agreed else None)


def is_confirmed(pair: Pair, prior: Pair) -> bool:
    """As `confirm_prior` left it."""
    return kept_in(prior[1], _CONFIRMED, list) == [node.GetID() for node in (*pair, *prior)]


def days_between(pair: Pair, prior: Pair, find_file: FindFile = no_file) -> int | None:
    """From the prior to the pair of now, negative where the prior is the later one; None where a date is not known."""
    days = [patient_and_day(each[1], find_file)[1] for each in (prior, pair)]
    try:
        before, now = (date.fromisoformat(day) for day in days)
    except ValueError:
        return None
    return (now - before).days


def keep_registration(anatomy: Node, prior_anatomy: Node, registration: Registration) -> slicer.vtkMRMLLinearTransformNode:
    """A transform node from the prior's world to the one of now, in place of an earlier one of the two."""
    forget_registration(anatomy, prior_anatomy)
    name = f"Prior {prior_anatomy.GetName()} to {anatomy.GetName()}, rigid"
    node = transform_node(anatomy.GetScene(), registration.matrix, name=name)
    node.SetAttribute(REGISTRATION_ATTRIBUTE, registration.quality)
    node.SetAttribute(_PLACES, json.dumps([ijk_to_ras(each).tolist() for each in (anatomy, prior_anatomy)]))
    node.SetNodeReferenceID(_FIXED, anatomy.GetID())
    node.SetNodeReferenceID(_MOVING, prior_anatomy.GetID())
    return node


def registration_to(anatomy: Node, prior_anatomy: Node) -> slicer.vtkMRMLLinearTransformNode | None:
    """The registration of the two as they lie now; None where there is none."""
    now = [ijk_to_ras(each) for each in (anatomy, prior_anatomy)]
    for node in _registrations(anatomy, prior_anatomy):
        places = np.array(kept_in(node, _PLACES, list))
        if places.shape == (2, 4, 4) and np.abs(places - now).max() < _SAME_MM:
            return node
    return None


def motion_of(transform: slicer.vtkMRMLLinearTransformNode) -> NDArray[np.float64]:
    """4x4 in LPS mm, from the prior's world to the one of now."""
    parent = vtk.vtkMatrix4x4()
    transform.GetMatrixTransformToParent(parent)
    ras = np.array([[parent.GetElement(row, column) for column in range(4)] for row in range(4)])
    return np.asarray(LPS_TO_RAS @ ras @ LPS_TO_RAS)


def forget_registration(anatomy: Node, prior_anatomy: Node) -> None:
    """Takes what was found for the two out of the scene."""
    for node in _registrations(anatomy, prior_anatomy):
        node.GetScene().RemoveNode(node)


def _registrations(anatomy: Node, prior_anatomy: Node) -> list[slicer.vtkMRMLLinearTransformNode]:
    scene, kind, ids = anatomy.GetScene(), "vtkMRMLLinearTransformNode", (anatomy.GetID(), prior_anatomy.GetID())
    nodes = [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]
    return [node for node in nodes if (node.GetNodeReferenceID(_FIXED), node.GetNodeReferenceID(_MOVING)) == ids]
