"""Seeded damage, of every kind of file alike: what disks, links, programs and hands do to bytes and to the numbers in headers."""

import re

import numpy as np

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_NUMBERS = (b"0", b"-1", b"1", b"2147483647", b"4294967296", b"99999999999999999999", b"1e30", b"1e-30", b"nan", b"inf", b"-0.0", b"", b"x")


def flip_bits(random, data):
    for at in random.integers(len(data) * 8, size=random.integers(1, 5)):
        data[at // 8] ^= 1 << (at % 8)


def replace_bytes(random, data):
    at = random.integers(len(data))
    new = random.integers(256, size=random.integers(1, 9), dtype=np.uint8).tobytes()
    data[at : at + len(new)] = new


def special_number(random, data):
    """A binary number becomes one at the border of its type."""
    at, size = random.integers(max(1, len(data) - 8)), int(random.choice([1, 2, 4, 8]))
    data[at : at + size] = [bytes(size), b"\xff" * size, b"\x7f" + b"\xff" * (size - 1), b"\xff" * (size - 1) + b"\x7f"][random.integers(4)]


def cut_off(random, data):
    del data[random.integers(len(data)) :]


def more(random, data):
    data += random.integers(256, size=random.integers(1, 5000), dtype=np.uint8).tobytes()


def drop(random, data):
    at = random.integers(len(data))
    del data[at : at + random.integers(1, 200)]


def insert(random, data):
    at = random.integers(len(data))
    data[at:at] = random.integers(256, size=random.integers(1, 200), dtype=np.uint8).tobytes()


def repeat(random, data):
    at, size = random.integers(len(data)), random.integers(1, 500)
    data[at:at] = data[at : at + size]


def blank(random, data):
    at, size = random.integers(len(data)), random.integers(1, 1000)
    data[at : at + size] = bytes(len(data[at : at + size]))


def header_number(random, data):
    """A number in text, near the beginning, becomes another."""
    found = list(_NUMBER.finditer(bytes(data[:4096])))
    if not found:
        return flip_bits(random, data)
    one = found[random.integers(len(found))]
    data[one.start() : one.end()] = _NUMBERS[random.integers(len(_NUMBERS))]


def header_line(random, data):
    """A line near the beginning is dropped, doubled, or takes the place of another."""
    lines = bytes(data[:4096]).split(b"\n")
    one, other = random.integers(len(lines), size=2)
    lines[one : one + 1] = [[], [lines[one]] * 2, [lines[other]]][random.integers(3)]
    data[:4096] = b"\n".join(lines)


MUTATORS = (flip_bits, replace_bytes, special_number, cut_off, more, drop, insert, repeat, blank, header_number, header_line)


def mutate(seed, data):
    """(name of the mutator, damaged bytes); the same for the same seed. Half of the damage falls on the first kilobyte."""
    random = np.random.default_rng(seed)
    mutator = MUTATORS[random.integers(len(MUTATORS))]
    if random.integers(2) and mutator not in (cut_off, more):
        start = bytearray(data[:1024])
        mutator(random, start)
        return mutator.__name__, bytes(start) + data[1024:]
    damaged = bytearray(data)
    mutator(random, damaged)
    return mutator.__name__, bytes(damaged)
