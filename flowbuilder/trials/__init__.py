"""Test runs: a lead goes through a draft with made-up answers; and checks, which are test runs with an expected end."""
