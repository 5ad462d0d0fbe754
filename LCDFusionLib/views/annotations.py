"""What is written in a slice view: title, patient sides, the metrics of the slice on show, the notice."""

from __future__ import annotations

import slicer
import vtk

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.fusion.readouts import readout_text
from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.views.planes import patient_letters, shows_patient, side_words, slice_index

_WHITE, _PALE_YELLOW, _GREY, _RED = (1.0, 1.0, 1.0), (1.0, 1.0, 0.65), (0.9, 0.9, 0.9), (1.0, 0.42, 0.36)
_NO_RULER = slicer.vtkMRMLAbstractViewNode.RulerTypeNone
_LOW_VIEW = 600
"""Height of a view, in pixels, below which all eight metrics would hide much of the image."""
_SMALL_VIEW = 300
"""The same of those that are beside the blend's."""
_BESIDE_SCALE = 0.8
"""Part of the width that the colour scale leaves."""


class SliceAnnotations:
    """Text on the renderer of one slice view, offscreen, desktop or browser; it follows the view's slice by itself.

    The host renders; this only keeps the text right. Call `close` before the view goes.

    Example:
        >>> annotations = SliceAnnotations(view.renderer(), view.slice_node())
        >>> annotations.set_title("Fused")
        >>> annotations.show_metrics(result)
    """

    def __init__(
        self,
        renderer: vtk.vtkRenderer,
        slice_node: slicer.vtkMRMLSliceNode,
        *,
        letters: bool = True,
        words: bool = False,
        bottom: int = 30,
        brief: bool = False,
    ) -> None:
        """Takes a view.

        Args:
            renderer: the view's renderer.
            slice_node: the view's slice node.
            letters: write the patient's sides; False where the host does so, or where the image does not know them (PNG).
            words: R, L, ANT, POST in place of R, L, A, P.
            bottom: pixels at the bottom that are taken: 30 by Slicer's ruler, more where the host writes there too.
            brief: in a low view write only the metrics that compare with both sources, so that the image is not hidden.
        """
        self._renderer, self._slice_node, self._letters = renderer, slice_node, letters
        self._sides_of = side_words if words else patient_letters
        self._result: ResultNodes | None = None
        self._ruler: int | None = None  # that the view had before something without a scale was shown
        self._bottom, self._brief, self._visible = bottom, brief, True
        self._title = self._text(0.015, 0.985, "left", "top", color=_WHITE, bold=True)
        self._sides = [
            self._text(0.015, 0.5, "left", "centered", color=_PALE_YELLOW, bold=True),
            self._text(0.985, 0.5, "right", "centered", color=_PALE_YELLOW, bold=True),
            self._text(0.5, 0.985, "centered", "top", color=_PALE_YELLOW, bold=True),
            self._text(0.5, 0.07, "centered", "bottom", color=_PALE_YELLOW, bold=True),  # above the ruler
        ]
        self._metrics = self._text(0.015, 0.06, "left", "bottom", color=_PALE_YELLOW, fixed_width=True)
        self._notice = self._text(0.015, 0.925, "left", "top", color=_GREY)  # under the title
        self._words, self._broken = "", ("", 0, 0)  # of the notice; and that, width of the view and size of the letters it was broken for
        self._observed: list[tuple[vtk.vtkObject, int]] = []
        self._observe(slice_node)
        self._update()

    def set_title(self, title: str, *, alert: bool = False) -> None:
        """Writes the view's title, one or more lines, at the top left; in red where it must not be overlooked."""
        self._title.GetTextProperty().SetColor(*(_RED if alert else _WHITE))
        if title != self.title_text:
            self._title.SetInput(title)
            self._update()

    def show_metrics(self, result: ResultNodes | None, *, visible: bool = True) -> None:
        """Writes the metrics of the slice on show, and the notice that this is research software and what was confirmed of the inputs.

        None takes all of it away.

        With `visible` False the metrics are not written, but the notice is.

        In a plane that is not that of the slices, the mean over the fused slices is written; of a preview nothing.
        """
        for subject, tag in self._observed[1:]:
            subject.RemoveObserver(tag)
        del self._observed[1:]
        self._result, self._visible = result, visible
        if result is not None:
            self._observe(result.metrics)
        self._words = _notice(result) if result is not None else ""
        self._update()

    @property
    def title_text(self) -> str:
        """The title as it stands in the view."""
        return self._title.GetInput() or ""

    @property
    def metrics_text(self) -> str:
        """The metrics as they stand in the view."""
        return self._metrics.GetInput() or ""

    @property
    def notice_text(self) -> str:
        """The notice as it stands in the view."""
        return self._notice.GetInput() or ""

    def close(self) -> None:
        """Takes the text out of the view and stops following it."""
        for subject, tag in self._observed:
            subject.RemoveObserver(tag)
        self._observed.clear()
        for actor in (self._title, *self._sides, self._metrics, self._notice):
            self._renderer.RemoveViewProp(actor)

    def _observe(self, subject: vtk.vtkObject) -> None:
        self._observed.append((subject, subject.AddObserver(vtk.vtkCommand.ModifiedEvent, self._update)))

    def _update(self, *_: object) -> None:
        is_placed = shows_patient(self._slice_node)
        if not is_placed and self._slice_node.GetRulerType() != _NO_RULER:
            self._ruler = self._slice_node.GetRulerType()
            self._slice_node.SetRulerType(_NO_RULER)
        elif is_placed and self._ruler is not None:
            ruler, self._ruler = self._ruler, None
            self._slice_node.SetRulerType(ruler)
        if self._letters:
            for actor, letters in zip(self._sides, self._sides_of(self._slice_node), strict=True):
                actor.SetInput(letters)
        self._metrics.SetInput(self._metrics_text())
        height = self._height
        size = max(14, round(0.62 * height**0.5))  # legible in a low view, not loud in a high one
        for actor in (self._title, *self._sides, self._metrics):
            actor.GetTextProperty().SetFontSize(size)
        self._notice.GetTextProperty().SetFontSize(size)
        self._break_notice(size)
        # The letters at the sides stand above the metrics.
        middle = max(height / 2, self._bottom + (1 + 1.3 * len(self.metrics_text.splitlines())) * size)
        below_title = height - (0.6 + 1.15 * (1 + self.title_text.count("\n"))) * size
        places = (
            (self._sides[0], middle),
            (self._sides[1], middle),
            (self._sides[3], self._bottom),
            (self._metrics, self._bottom),
            (self._notice, below_title),
            (
                self._sides[2],
                0.985 * height if self._has_room_beside_title else below_title - 1.15 * size * len(self.notice_text.splitlines()),
            ),
        )
        for actor, y in places:
            actor.SetPosition(actor.GetPosition()[0], y / height)

    def _break_notice(self, size: int) -> None:
        """Into lines that leave the colour scale its place; measured only where something has changed, for it takes its time."""
        width = self._slice_node.GetDimensions()[0]
        if (broken := (self._words, width, size)) == self._broken:
            return
        self._broken = broken
        self._notice.SetInput(self._words)
        if 0.015 * width + self._width_of(self._notice) > _BESIDE_SCALE * width:
            self._notice.SetInput(self._words.replace(", ", ",\n"))

    @property
    def _height(self) -> float:
        """Of the view, in pixels of an ordinary screen: on a finer one VTK enlarges the letters by the window's DPI, which are 72 else."""
        window = self._renderer.GetVTKWindow()
        return self._slice_node.GetDimensions()[1] * 72 / (window.GetDPI() if window is not None else 72)

    @property
    def _has_room_beside_title(self) -> bool:
        """For the letter in the middle: a patient's name may be long, and a view narrow."""
        width = self._slice_node.GetDimensions()[0]
        return 0.015 * width + max(map(self._width_of, (self._title, self._notice))) < 0.46 * width

    def _width_of(self, actor: vtk.vtkTextActor) -> float:
        """Pixels; 0 where there is no window yet."""
        size = [0.0, 0.0]
        if self._renderer.GetVTKWindow() is not None:
            actor.GetSize(self._renderer, size)
        return size[0]

    def _metrics_text(self) -> str:
        if self._result is None or self._result.gray.GetScene() is None or not self._visible:
            return ""
        index = slice_index(self._slice_node, self._result.gray)
        title = self._result.title(index)
        if not title:
            return ""
        low, small = (self._brief and self._height < height for height in (_LOW_VIEW, _SMALL_VIEW))
        return readout_text(title, *self._result.slice_metrics(index), brief=low, alone=small)

    def _text(
        self,
        x: float,
        y: float,
        horizontal: str,
        vertical: str,
        *,
        color: tuple[float, float, float],
        bold: bool = False,
        fixed_width: bool = False,
    ) -> vtk.vtkTextActor:
        actor = vtk.vtkTextActor()
        actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        actor.SetPosition(x, y)
        style = actor.GetTextProperty()
        getattr(style, f"SetJustificationTo{horizontal.capitalize()}")()
        getattr(style, f"SetVerticalJustificationTo{vertical.capitalize()}")()
        style.SetColor(*color)
        style.SetBold(bold or fixed_width)
        style.SetBackgroundColor(0.0, 0.0, 0.0)
        style.SetBackgroundOpacity(0.5)  # legible on bone and on hot uptake too
        if fixed_width:
            style.SetFontFamilyToCourier()
        self._renderer.AddViewProp(actor)
        return actor


def _notice(result: ResultNodes) -> str:
    """What nobody may overlook in a fused image."""
    confirmed = ["MISMATCH OF THE INPUTS, CONFIRMED"] if result.mismatches else []
    return "\n".join([DISCLAIMER.split(":")[0], *confirmed])
