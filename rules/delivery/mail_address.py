"""One mail address, checked by its form alone; what could begin another header or name a second recipient is none."""

from rules.mailboxes import read_mailbox
from rules.reading import Part

LONGEST = 254
NOT_ONE = "Write one mail address, such as leads@buyer.example.com."
NOT_PLAIN = "Not every mail server takes this address: the part before the @ must be of plain letters."


def one_address(text: str) -> str | None:
    """Return the address that a text is, as mail servers take it; None when it is none, several or has a name."""
    # What looks like an encoded word would be decoded, with line breaks in it, by whoever writes or reads the header.
    if len(text) > LONGEST or not text.isprintable() or "=?" in text:
        return None
    mailbox = read_mailbox(text.strip())
    return mailbox.in_ascii if mailbox else None


def read_address(part: Part, key: str, default: str | None = None) -> str:
    """Return the one address of a setting, empty text after noting a problem; without a default it is needed."""
    written = part.text(key, default, longest=LONGEST)
    if not written:
        return ""
    address = one_address(written)
    if address is None:
        is_foreign = not written.isascii() and one_address(f"x@{written.rpartition('@')[2]}") is not None
        part.report(key, "not_an_address", NOT_PLAIN if is_foreign else NOT_ONE)
    return address or ""
