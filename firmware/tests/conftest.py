# SPDX-License-Identifier: BSD-2-Clause
"""Boots the cases that the chosen tests ask for, two machines side by side."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from cases import CASES
from machine import Result

SIDE_BY_SIDE = 2
LONGEST = 8  # boots that are named at the end

Boots = dict[str, Future[Result]]
BOOTS = pytest.StashKey[Boots]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-baseline", action="store_true", help="write what a boot executes as the baseline"
    )


def wanted_cases(items: list[pytest.Item]) -> list[str]:
    """The cases of these tests, each once: the long ones, then in the order of the tests."""
    calls = (getattr(item, "callspec", None) for item in items)
    names = (call.params.get("booted") for call in calls if call is not None)
    cases = dict.fromkeys(name for name in names if name in CASES)
    return sorted(cases, key=lambda name: not CASES[name].long)


@pytest.fixture(scope="session")
def boots(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Boots]:
    """All boots, begun when the first test asks for one."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        begun = {
            name: pool.submit(CASES[name].boot, tmp_path_factory.mktemp(name))
            for name in wanted_cases(request.session.items)
        }
        request.config.stash[BOOTS] = begun
        yield begun
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def booted(request: pytest.FixtureRequest, boots: Boots) -> Result:
    """The result of the case that the test is parametrized with."""
    return boots[request.param].result()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Where the time went: by boots, since a test that waits for one says nothing."""
    boots = config.stash.get(BOOTS, {})
    done = [name for name, boot in boots.items() if boot.done() and not boot.cancelled()]
    seconds = {name: boots[name].result().seconds for name in done if not boots[name].exception()}
    longest = sorted(seconds, key=lambda name: -seconds[name])[:LONGEST]
    told = ", ".join(f"{name} {seconds[name]:.0f}" for name in longest)
    if told:
        total = sum(seconds.values())
        terminalreporter.write_line(
            f"boots: {len(seconds)} in {total:.0f} s, {SIDE_BY_SIDE} side by side; longest: {told}"
        )
