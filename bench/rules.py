"""Prints what deciding one rule costs: eight typed conditions over a lead of forty fields, alone and with its trace."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rules.fields import Field
from rules.logic import Rule, RuleError, compile_rule

FIELDS = {
    field.key: field
    for field in (
        Field("state", "state"),
        Field("product", "choice", options=("solar", "roofing")),
        Field("credit_score", "number"),
        Field("monthly_bill", "money"),
        Field("email", "email"),
        Field("homeowner", "boolean"),
        Field("city", "text"),
        Field("dob", "date"),
        *(Field(f"extra_{number}", "text") for number in range(32)),
    )
}
RULE = {
    "and": [
        {"any_of": [{"var": "lead.state"}, ["CA", "NV", "AZ"]]},
        {"is": [{"var": "lead.product"}, "solar"]},
        {"at_least": [{"var": "lead.credit_score"}, 650]},
        {"between": [{"var": "lead.monthly_bill"}, 100, 500]},
        {"not_contains": [{"var": "lead.email"}, "test"]},
        {"yes": [{"var": "lead.homeowner"}]},
        {"none_of": [{"var": "lead.city"}, ["Fresno", "Reno"]]},
        {"before": [{"var": "lead.dob"}, "2000-01-01"]},
    ]
}
ENDLESS = {"map": [{"var": "thousand"}, {"map": [{"merge": [[1] * 1000]}, {"try": [{"throw": "x"}, {"var": "type"}]}]}]}
LEAD: dict[str, object] = {
    "state": "CA",
    "product": "solar",
    "credit_score": 700,
    "monthly_bill": 180,
    "email": "ana@example.com",
    "homeowner": True,
    "city": "Oakland",
    "dob": "1985-01-05",
    **{f"extra_{number}": f"value {number}" for number in range(32)},
}
DATA = {"lead": LEAD, "run": {"now": datetime(2026, 11, 20, 18, tzinfo=UTC), "time_zone": "America/Los_Angeles"}}


def microseconds(work: Callable[[], object], times: int) -> float:
    """Return the best of seven rounds, in microseconds of CPU for one call."""
    rounds = []
    for _ in range(7):
        begin = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - begin) / times * 1e6)
    return min(rounds)


def main() -> None:
    """Measure and print."""
    rule = compile_rule(RULE, FIELDS)
    if rule(DATA) is not True:
        raise SystemExit("The rule must look at all eight conditions.")
    rule.trace(DATA)
    print(f"decide  {microseconds(lambda: rule(DATA), 20_000):8.2f} µs   8 typed conditions, 40 fields")
    print(f"trace   {microseconds(lambda: rule.trace(DATA), 5_000):8.2f} µs   the same, with every value and verdict")
    print(f"compile {microseconds(lambda: compile_rule(RULE, FIELDS), 200):8.2f} µs   once for a flow version")
    endless = compile_rule(ENDLESS)
    milliseconds = microseconds(lambda: refused(endless), 1) / 1000
    print(f"bound   {milliseconds:8.2f} ms   until an endless rule is refused")


def refused(rule: Rule) -> None:
    """Evaluate a rule that passes a bound; raises SystemExit should it have a value."""
    try:
        rule({"thousand": [1] * 1000})
    except RuleError:
        return
    raise SystemExit("The rule must pass a bound.")


if __name__ == "__main__":
    main()
