"""The base of what Interlock raises. An expected refusal is a value, not one of these."""


class InterlockError(Exception):
    """Its text is a sentence for a person that says what to do next."""
