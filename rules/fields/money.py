"""An amount of money in the flow's currency."""

from rules.fields.number import NumberType


class MoneyType(NumberType):
    """A number, said with its currency."""

    key = "money"
    label = "Money"
