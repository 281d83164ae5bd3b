"""The operators of JSON-logic itself, as its public test suites describe them.

The classic ones are those of jsonlogic.com/operations.html; `val`, `exists`, `??`, `throw` and `try` are the newer ones
that the JSON-logic community agreed on (github.com/json-logic/.github).
"""

from rules.operators import arithmetic, branching, comparing, lists, rescuing, texts, variables
from rules.operators.base import Operator

CLASSIC = (
    Operator("var", variables.build_var, 0, 2, decides=False),
    Operator("missing", variables.build_missing, 0, None, decides=False),
    Operator("missing_some", variables.build_missing_some, 2, 2, decides=False),
    Operator("and", branching.build_and, 1, None, joins=True),
    Operator("or", branching.build_or, 1, None, joins=True),
    Operator("!", branching.build_not, joins=True),
    Operator("!!", branching.build_truth, joins=True),
    Operator("if", branching.build_if, 0, None, joins=True),
    Operator("?:", branching.build_if, 0, None, joins=True),
    Operator("==", comparing.build_equal, 2, 2),
    Operator("===", comparing.build_same, 2, 2),
    Operator("!=", comparing.build_unequal, 2, 2),
    Operator("!==", comparing.build_different, 2, 2),
    Operator("<", comparing.build_less, 2, 3),
    Operator("<=", comparing.build_less_or_equal, 2, 3),
    Operator(">", comparing.build_more, 2, 2),
    Operator(">=", comparing.build_more_or_equal, 2, 2),
    Operator("in", comparing.build_in, 2, 2),
    Operator("+", arithmetic.build_sum, 1, None, decides=False),
    Operator("-", arithmetic.build_minus, 1, 2, decides=False),
    Operator("*", arithmetic.build_product, 1, None, decides=False),
    Operator("/", arithmetic.build_quotient, 2, 2, decides=False),
    Operator("%", arithmetic.build_remainder, 2, 2, decides=False),
    Operator("min", arithmetic.build_least, 1, None, decides=False),
    Operator("max", arithmetic.build_most, 1, None, decides=False),
    Operator("cat", texts.build_cat, 1, None, decides=False),
    Operator("substr", texts.build_substr, 2, 3, decides=False),
    Operator("merge", lists.build_merge, 0, None, decides=False),
    Operator("map", lists.build_map, 2, 2, decides=False, body=1),
    Operator("filter", lists.build_filter, 2, 2, decides=False, body=1),
    Operator("reduce", lists.build_reduce, 2, 3, decides=False, body=1),
    Operator("all", lists.build_all, 2, 2, body=1),
    Operator("some", lists.build_some, 2, 2, body=1),
    Operator("none", lists.build_none, 2, 2, body=1),
    Operator("val", variables.build_val, 0, None, decides=False),
    Operator("exists", variables.build_exists, 1, None, says="{0} is there", denies="{0} is not there"),
    Operator("??", branching.build_coalesce, 1, None, decides=False, joins=True),
    Operator("throw", rescuing.build_throw),
    Operator("try", rescuing.build_try, 1, None, decides=False, joins=True),
)
