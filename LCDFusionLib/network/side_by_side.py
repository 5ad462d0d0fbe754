"""Independent parts of torch's work on a CPU, each in a thread of its own.

Torch divides every step between its threads, which then wait for each other; a slice's network and metrics are thousands of steps, many of
them shorter than such a wait, and all the more so where other programs want the cores. Whole parts beside each other wait once.
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
    cores = torch.get_num_threads()
    workers = min(cores, len(parts))
    if workers == 1:
        return [do(part) for part in parts]
    pool = _threads(workers, cores // workers)
    torch.set_num_threads(cores // workers)  # MKL has one number for the matrix products of all threads
    try:
        return list(pool.map(torch.inference_mode()(do) if torch.is_inference_mode_enabled() else torch.no_grad()(do), parts))
    finally:
        torch.set_num_threads(cores)


@functools.cache
def _threads(count: int, cores_each: int) -> ThreadPoolExecutor:
    pool, all_begun = ThreadPoolExecutor(count), Barrier(count)

    def begin() -> None:
        torch.set_num_threads(cores_each)  # of this thread
        all_begun.wait()

    for begun in [pool.submit(begin) for _ in range(count)]:
        begun.result()
    return pool
