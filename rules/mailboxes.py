"""Addresses of mailboxes by their form alone, for those of unusual characters too, without asking the network."""

from typing import NamedTuple


class Mailbox(NamedTuple):
    """An address in its normal form, and as servers take it that know ASCII alone: None when they cannot."""

    normal: str
    in_ascii: str | None


def read_mailbox(text: str) -> Mailbox | None:
    """Return the one address that a text is (RFC 5322), None for every other text."""
    # Loaded at the first address that is not plain: few are, and every process would wait for it at its start.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        # Addresses under .test cannot be reached by anybody; samples and demonstrations use them.
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return Mailbox(found.normalized, found.ascii_email)
