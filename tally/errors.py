"""The one exception that ends a command with a text for people instead of a traceback."""


class TallyError(Exception):
    """Something the user can mend; the text says what is wrong, what was found and what to do."""
