"""What can be wrong with a home or its servers."""


class EmbeddedError(RuntimeError):
    """Why the embedded servers cannot be used, said in one or two sentences."""
