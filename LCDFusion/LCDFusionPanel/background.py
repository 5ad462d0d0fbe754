"""What takes longer than a tenth of a second, beside Slicer's main thread: the window stays alive, and Cancel ends it."""

import ctypes
import threading
import time
from concurrent.futures import Executor, Future
from contextlib import contextmanager

import qt
import slicer
from slicer.i18n import tr as _

from LCDFusionLib.errors import InputError

SHARE_S = 0.02
"""How long the main thread steps aside at a time: a window that is drawn 30 times a second has that much to spare."""

PATIENCE_S = 0.5
"""What takes less shows no bar."""


class _Cancelled(BaseException):
    """Thrown into a thread, so that its context managers take away what is half written; no `except Exception` holds it up."""


class Background(Executor):
    """Runs one thing after another in a thread.

    Slicer's event loop holds the interpreter's lock while it idles (PythonQt is built without giving it back, and nothing in CTK's
    ctkAbstractPythonManager does, v5.10.0 to 5.13), so a thread stands still between two calls into Python. Whoever has a timer calls
    `step_aside` from it as long as `is_busy`.
    """

    def __init__(self):
        self._jobs, self._wanted, self._ended = [], threading.Condition(), threading.Event()
        self._thread = self._current = None

    @property
    def is_busy(self):
        """True while something waits or runs."""
        return bool(self._jobs) or self._current is not None

    def submit(self, fn, /, *args, **kwargs):
        """As `Executor.submit`; cancelling the future ends a running call too."""
        future = _Job(self)
        with self._wanted:
            self._jobs.append((future, lambda: fn(*args, **kwargs)))
            self._ended.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="LCDFusion", daemon=True)
                self._thread.start()
            self._wanted.notify()
        return future

    def step_aside(self):
        """Lets the thread have the interpreter for a moment; returns as soon as all is done."""
        if self.is_busy:
            self._ended.wait(SHARE_S)

    def stop(self, future):
        """Ends the call of a future wherever it is."""
        if self._current is future and self._thread is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(_Cancelled))

    def _work(self):
        while True:
            with self._wanted:
                while not self._jobs:
                    self._wanted.wait()
                self._current, call = self._jobs.pop(0)
            future = self._current
            try:
                if future.set_running_or_notify_cancel():
                    future.set_result(call())
            except _Cancelled:
                future.set_exception(InputError(_("Cancelled.")))
            except BaseException as error:
                future.set_exception(error)
            finally:
                self._current = None
                if not self._jobs:
                    self._ended.set()


class _Job(Future):
    def __init__(self, background):
        super().__init__()
        self._background = background

    def cancel(self):
        if super().cancel():
            return True
        self._background.stop(self)
        return False


background = Background()
"""The one thread of the module."""


def wait_for(call, text):
    """What `call` gives, run in the thread; meanwhile the window lives, says the text and offers to cancel.

    Raises:
        InputError: it was cancelled; and whatever the call raises.
    """
    future = background.submit(call)
    with _Bar(text) as dialog:
        while not future.done():
            dialog.live()
            background.step_aside()
            if dialog.is_cancelled:
                future.cancel()
    return future.result()


@contextmanager
def bar(text):
    """For what has to be done in the main thread: gives a function to call between its pieces, each a fraction of a tenth of a second.

    Raises:
        InputError: from that function, where the person has cancelled.
    """
    with _Bar(text) as dialog:

        def pause():
            dialog.live()
            if dialog.is_cancelled:
                raise InputError(_("Cancelled."))

        yield pause


class _Bar:
    """A bar with Cancel, seen only where something takes longer than `PATIENCE_S`."""

    def __init__(self, text):
        self._dialog = qt.QProgressDialog(text, _("Cancel"), 0, 0, slicer.util.mainWindow())
        self._dialog.windowModality = qt.Qt.ApplicationModal  # nothing is chosen or deleted meanwhile
        self._dialog.autoReset = self._dialog.autoClose = False
        self._begun = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._dialog.close()
        self._dialog.deleteLater()

    @property
    def is_cancelled(self):
        """True once the person has clicked Cancel."""
        return self._dialog.wasCanceled

    def live(self):
        """Lets the window draw itself, and be used."""
        if not self._dialog.visible and time.monotonic() - self._begun > PATIENCE_S:
            self._dialog.show()
        slicer.app.processEvents()
