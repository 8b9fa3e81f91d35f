"""Fingerprints: equal for equal values, different for values that look alike."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.fingerprint import fingerprint, version_digest


@dataclass(frozen=True)
class Pair:
    one: object
    other: object


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.tuples(inner, inner),
        st.dictionaries(plain, inner, max_size=3),
        st.builds(Pair, inner, inner),
    ),
    max_leaves=6,
)


def test_values_that_look_alike_have_different_fingerprints():
    alike = [None, "", "None", 0, 1, True, "1", (1, 2), (12,), (1, (2,)), {1: 2}, {"1": 2}, {1, 12}, Pair(1, 3)]

    assert len({fingerprint(value) for value in alike}) == len(alike)


@given(st.dictionaries(plain, values, max_size=4), st.randoms())
def test_the_order_of_a_mapping_does_not_matter(mapping, chance):
    shuffled = dict(chance.sample(list(mapping.items()), len(mapping)))

    assert fingerprint(shuffled) == fingerprint(mapping)


@given(values, values)
def test_the_order_of_fields_and_sequences_matters(one, other):
    swapped = fingerprint(one) == fingerprint(other)

    assert (fingerprint(Pair(one, other)) == fingerprint(Pair(other, one))) is swapped
    assert (fingerprint([one, other]) == fingerprint([other, one])) is swapped


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_set_has_the_same_fingerprint_in_every_process(seed):
    code = "from desk_sync.domain.fingerprint import fingerprint; print(fingerprint({'a': frozenset('bcdefgh')}))"
    found = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == fingerprint({"a": frozenset("bcdefgh")})


@dataclass(frozen=True)
class Turned:
    other: object
    one: object


def test_the_names_of_fields_count_for_a_version_but_not_their_order():
    assert version_digest(Pair(1, 2)) == version_digest(Turned(2, 1)) != version_digest(Pair(2, 1))
    assert fingerprint(Pair(1, 2)) == fingerprint(Turned(1, 2)) != fingerprint(Turned(2, 1))


def test_a_stored_version_is_still_found_after_an_upgrade():
    value = (Pair({2: "b", 1: None}, frozenset({"users", "users a"})), timedelta(hours=1))

    assert version_digest(value) == "a4d959e178b4"


def test_a_stored_fingerprint_is_still_found_after_an_upgrade():
    assert fingerprint((1, "a", timedelta(hours=1))) == "44cae5548cdd96b851b86709f0c20dce"
