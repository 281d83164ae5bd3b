"""The operators that shape a value for a buyer: phone and date formats, tables, case, hashes."""

from rules.operators import dates, figures, phones, shapes
from rules.operators.base import Operator

SHAPING = (
    Operator("phone", phones.build_phone, 1, 2, decides=False, cost=phones.COST),
    Operator("country_code", phones.build_country_code, decides=False, cost=phones.COST),
    Operator("country_name", phones.build_country_name, decides=False, cost=phones.COST),
    Operator("date", dates.build_date, 2, 3, decides=False, cost=10),
    Operator("number", figures.build_number, 1, 2, decides=False),
    Operator("upper", shapes.build_upper, decides=False),
    Operator("lower", shapes.build_lower, decides=False),
    Operator("title", shapes.build_title, decides=False),
    Operator("trim", shapes.build_trim, decides=False),
    Operator("digits", shapes.build_digits, decides=False),
    Operator("state_name", shapes.build_state_name, decides=False),
    Operator("yes_no", shapes.build_yes_no, 1, 3, decides=False),
    Operator("table", shapes.build_table, 2, 3, decides=False),
    Operator("default", shapes.build_default, 2, None, decides=False),
    Operator("join", shapes.build_join, 1, 2, decides=False),
    Operator("split", shapes.build_split, 2, 3, decides=False),
    Operator("hash", shapes.build_hash, 1, 2, decides=False, cost=5),
)
