"""The one exception that a user sees: its text is a sentence that says what to do."""


class LabError(Exception):
    """Something stopped the lab; the message says what was found, what was expected and what to do."""
