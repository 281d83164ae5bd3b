"""A state of the United States, the District of Columbia or a territory."""

from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal

# Codes and names: United States Postal Service, Publication 28, appendix B.
STATES: dict[str, str] = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "DC": "District of Columbia",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
    "AS": "American Samoa",
    "GU": "Guam",
    "MP": "Northern Mariana Islands",
    "PR": "Puerto Rico",
    "VI": "U.S. Virgin Islands",
}
OTHER_NAMES = {"washington dc": "DC", "washington, dc": "DC", "virgin islands": "VI"}


class StateType(FieldType):
    """A two-letter code, read from the code or the name; what is neither is blank."""

    key = "state"
    label = "State"
    operators = (*COMMON_OPERATORS, *PRESENCE_OPERATORS)
    part_names = ("name",)

    @override
    def read(self, text: str, field: Field) -> Normal:
        code = BY_WRITTEN.get(written(text))
        return Normal(code, code is not None)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        return {"name": STATES.get(str(value))}

    @override
    def mask(self, value: object) -> str:
        return "••" if value else ""


def written(text: str) -> str:
    """Return a code or name as it is looked up: without case, dots and doubled spaces."""
    return " ".join(text.casefold().replace(".", "").split())


BY_WRITTEN: dict[str, str] = {
    **{written(name): code for code, name in STATES.items()},
    **{written(code): code for code in STATES},
    **OTHER_NAMES,
}
