"""The two ways a request can end badly; the command line turns each into one line and an exit code."""


class UsageError(ValueError):
    """The request itself was wrong (exit code 2). The message names the value, the limit and the remedy."""


class JobError(RuntimeError):
    """The request was right and the work failed (exit code 1). The message says what is kept and how to go on."""
