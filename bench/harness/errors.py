"""What ends a run."""


class BenchError(Exception):
    """A run cannot go on; the message says why and, where possible, the cure."""
