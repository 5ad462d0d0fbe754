"""Independent parts of torch's work on a CPU, each in one thread of its own.

Torch would divide every step between its threads and let them wait for each other after it; a slice's metrics are a thousand steps of a
tenth of a millisecond.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import torch

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")


def side_by_side(do: Callable[[_Part], _Done], parts: Sequence[_Part]) -> list[_Done]:
    """`do` of each part, without gradients, in as many threads as torch has here; the first parts begin first."""
    threads = torch.get_num_threads()
    if threads == 1:
        return [do(part) for part in parts]
    return list(_threads(threads).map(torch.inference_mode()(do), parts))


@functools.cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Threads in which torch starts no others."""
    pool, all_begun = ThreadPoolExecutor(count), Barrier(count)

    def begin() -> None:
        torch.set_num_threads(1)  # of this thread, and of those that any thread starts for a matrix product
        all_begun.wait()

    for begun in [pool.submit(begin) for _ in range(count)]:
        begun.result()
    torch.set_num_threads(count)
    return pool
