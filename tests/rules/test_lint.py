"""What is worth a look in a flow that can run."""

from typing import Any

import pytest

from rules.findings import OF_FLOWS
from rules.lint import lint
from tests.rules.flows import a_flow
from tests.support.cases import rows


@pytest.mark.parametrize(("steps", "settings", "found"), rows("lints.json"))
def test_each_finding_has_its_code_and_its_address(
    steps: list[Any], settings: dict[str, Any], found: list[Any]
) -> None:
    problems = lint(a_flow(*steps, **settings))
    assert [[problem.path, problem.code] for problem in problems] == found
    assert all(problem.message.endswith((".", "?")) for problem in problems)


def test_every_finding_is_in_the_table() -> None:
    codes = {code for row in rows("lints.json") for _, code in row.values[2]}  # type: ignore[misc]
    assert codes == OF_FLOWS.keys()


def test_a_field_that_is_nearly_written_is_suggested() -> None:
    step = {"transform": {"id": "t", "set": [["stat", "CA"]]}}
    [problem] = [found for found in lint(a_flow(step)) if found.code == "makes_a_field"]
    assert problem.message == ("The flow has no field “stat”: this step makes it, as free text. Did you mean “state”?")
