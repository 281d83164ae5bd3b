"""What the page for suppliers says is what intake does."""

import re
from pathlib import Path

from flowbuilder.intake import wire
from flowbuilder.intake.guard import WRONG_KEYS
from flowbuilder.intake.operations import LONGEST_KEY, LONGEST_WAIT
from rules import json_text, xml_text

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "posting-leads.md").read_text()


GIVEN = re.compile(r'(?:refuse\(\s*\d+,|unavailable\(|JsonProblem\(|XmlProblem\(|Problem\([^,()]+, )\s*"([a-z0-9_]+)"')


OF_WRITING = {"not_a_name"}
"""What only a document of ours can have wrong with it."""


def codes_in_code() -> set[str]:
    """Return every code that intake gives."""
    files = [*(ROOT / "flowbuilder" / "intake").glob("*.py"), Path(json_text.__file__), Path(xml_text.__file__)]
    return {code for path in files for code in GIVEN.findall(path.read_text())} - OF_WRITING


def codes_on_page() -> set[str]:
    """Return every code of the page's table of codes."""
    table = PAGE.partition("## Codes")[2]
    cells = [line.split("|")[2] for line in table.splitlines() if re.match(r"\| \d{3} ", line)]
    return {code for cell in cells for code in re.findall(r"`([a-z0-9_]+)`", cell)}


def test_every_code_is_on_the_page_and_the_page_has_no_other():
    of_types = {"invalid_", "invalid_phone"}
    assert codes_on_page() - of_types == codes_in_code()


def test_the_numbers_on_the_page_are_true():
    assert f"At most {wire.MOST_BYTES // 1024} KiB, {wire.MOST_FIELDS} fields" in PAGE
    assert f"{wire.LONGEST_TEXT // 1024} Ki characters in a value, {json_text.DEEPEST} levels" in PAGE
    assert f"at most {LONGEST_WAIT:.0f} seconds" in PAGE
    assert f"up to {LONGEST_KEY} characters" in PAGE
    assert f"more than {WRONG_KEYS} wrong keys a minute" in PAGE
