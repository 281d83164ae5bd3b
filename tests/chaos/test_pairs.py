"""The short form of the pairs: the same person twice at the same instant is sold once."""

from tests.chaos.pairs import a_market_place, spelt, verdicts
from tests.support.servers import private_servers
from tests.support.verdicts import report


def test_of_each_pair_one_is_sold_at_the_door_and_one_is_offered_to_a_buyer_that_asks() -> None:
    with private_servers() as servers, a_market_place(servers, workers=2) as (yard, sunrise, helio):
        said, broken = report(verdicts(yard, sunrise, helio, 25))
    assert not broken, said


def test_the_two_of_a_pair_are_the_same_person_in_other_letters() -> None:
    assert spelt(1)[0]["email"] == spelt(1)[1]["email"].strip().lower()
    assert spelt(2)[0]["phone_1"][2:] == "".join(filter(str.isdigit, spelt(2)[1]["phone_1"]))
