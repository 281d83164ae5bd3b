"""The demo: the real app with a market in it, made up of a seller, three buyers and two suppliers on this machine."""

from flowbuilder.config import Settings


def main(settings: Settings, *, quiet: bool = False, suppliers: bool = True) -> int:
    """Serve the market until SIGTERM or SIGINT; return the exit code. Raises RuntimeErrors of ours, one sentence each.

    `quiet` keeps the suppliers from telling what they post; without `suppliers` nobody posts.
    """
    # The buyers and suppliers are processes of this package too, and need nothing of what serving imports.
    from flowbuilder.demo import running  # noqa: PLC0415

    return running.serve_market(settings, quiet=quiet, suppliers=suppliers)
