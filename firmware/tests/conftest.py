# SPDX-License-Identifier: BSD-2-Clause
"""Boots the cases that the chosen tests ask for, two machines side by side."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from cases import CASES
from machine import Result

SIDE_BY_SIDE = 2

Boots = dict[str, Future[Result]]


def wanted_cases(items: list[pytest.Item]) -> list[str]:
    """The cases of these tests, each once, in the order of the tests."""
    calls = (getattr(item, "callspec", None) for item in items)
    names = (call.params.get("booted") for call in calls if call is not None)
    return list(dict.fromkeys(name for name in names if name in CASES))


@pytest.fixture(scope="session")
def boots(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Boots]:
    """All boots, begun when the first test asks for one."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {
            name: pool.submit(CASES[name].boot, tmp_path_factory.mktemp(name))
            for name in wanted_cases(request.session.items)
        }
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def booted(request: pytest.FixtureRequest, boots: Boots) -> Result:
    """The result of the case that the test is parametrized with."""
    return boots[request.param].result()
