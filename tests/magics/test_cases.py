"""The cases of cells say nothing that no test looks at."""

from collections import Counter

from tests.magics.cases import GIVEN, LOADED, SUBMITTED


def test_each_case_has_a_name_of_its_own():
    names = Counter(case.id for case in (*GIVEN, *SUBMITTED, *LOADED))
    assert {name for name, count in names.items() if count > 1} == set()


def test_a_given_case_says_in_one_way_what_it_prints():
    for case in GIVEN:
        assert [case.out, case.out_of, case.line].count(None) == 2, case.id


def test_all_others_print_what_the_notebook_prints():
    for case in (*SUBMITTED, *LOADED):
        assert {case.out, case.out_of, case.line, case.refused} == {None}, case.id


def test_there_are_as_many_as_ever():
    assert (len(GIVEN), len(SUBMITTED) + len(LOADED)) == (39, 317)
    carriers = Counter(case.carrier for case in SUBMITTED)
    assert set(carriers) == {"value", "code", "module", "file", "environment", "state", "shell", "process"}
    assert min(carriers.values()) >= 2
