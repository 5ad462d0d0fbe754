"""What the two scripts that come at random moments are told."""

import argparse


def parsed(description, names, *, moments):
    """Options of the command line: `moments`, `only` (one of the names, or None) and `seed`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=moments, help="of each (%(default)s)")
    parser.add_argument("--only", choices=names)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()
