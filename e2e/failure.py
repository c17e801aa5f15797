"""What a scenario raises when something is not as it should be."""


class Failure(Exception):
    """One sentence: what was expected, what was found."""


class Skipped(Exception):
    """One sentence: why something cannot be tried with this program."""


def expect(condition, sentence):
    """Raises Failure with `sentence` unless `condition` holds."""
    if not condition:
        raise Failure(sentence)


def expect_equal(found, wanted, what):
    """Raises Failure unless both are equal; long values are cut in the sentence."""
    if found != wanted:
        raise Failure(f"{what}: expected {_short(wanted)}, found {_short(found)}")


def _short(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "…"
