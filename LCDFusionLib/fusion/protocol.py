"""What host and worker say to each other.

They share one private folder. A message is a JSON object in one line, with the number of its job:

- to the worker, on its standard input: `fuse` (a job, whose arrays lie in FOLDER/job-N as .npy files), `follow` (another slice is on show,
  which comes next) and `cancel`;
- to the host, in FOLDER/events.jsonl: once `ready` (of job 0), then for each job `started`, `preview` if the job asks for it, `slice`,
  `note`, and as its last `finished`, `cancelled` or `failed`.

The answers do not go through the worker's standard output: so nothing that a library prints can break them, and the host needs no thread to
read them without waiting (while Qt idles in desktop Slicer, Python's threads stand still). What the worker prints goes to FOLDER/log.txt.
"""

from __future__ import annotations

import json
from typing import Any

EVENTS_FILE = "events.jsonl"
LOG_FILE = "log.txt"


def encode(message: dict[str, Any]) -> bytes:
    """One line; NaN stays NaN, as Python's JSON has it."""
    return json.dumps(message).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message in a line."""
    return json.loads(line)
