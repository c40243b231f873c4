"""The replay against a cache told in twenty lines, and the laws a cache keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.levers.cache_replay.breakpoints import place_marks, replay_marks
from forecast.levers.cache_replay.economics import (
    InputRates,
    best_by_session,
    input_cost_multiple,
)
from forecast.levers.cache_replay.prefixes import prefix_tree, roots
from forecast.levers.cache_replay.replay import (
    LIFETIME_MS,
    LIFETIMES,
    Lifetime,
    Replay,
    replay,
    touch_gaps,
)
from forecast.traces import RequestTrace, Sender

MINUTE = 60_000
BLOCK = 10
Prompt = tuple[int, list[int], Sender]
"""Time in ms, block ids, sender; the prompt is a few tokens longer than its blocks."""

US = Sender("anthropic", "search", "m")


def trace_of(*prompts: Prompt, sessions: list[int] | None = None) -> RequestTrace:
    senders = list(dict.fromkeys(sender for *_, sender in prompts))
    lengths = [len(blocks) for _, blocks, _ in prompts]
    return RequestTrace(
        time_ms=np.array([t for t, *_ in prompts], dtype=np.int64),
        input_tokens=np.array([BLOCK * n + 3 for n in lengths], dtype=np.int64),
        block_tokens=np.full(len(prompts), BLOCK, dtype=np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        blocks=np.array([b for _, blocks, _ in prompts for b in blocks], dtype=np.int64),
        sender=np.array([senders.index(sender) for *_, sender in prompts], dtype=np.int64),
        senders=tuple(senders),
        session=np.array(sessions or range(len(prompts)), dtype=np.int64),
        sessions_named=sessions is not None,
    )


def replayed(
    trace: RequestTrace, lifetime: Lifetime, *, minimum: int = 0, visible_after_ms: int = 0
) -> Replay:
    least = np.full(len(trace), minimum, dtype=np.int64)
    gaps = touch_gaps(trace, prefix_tree(trace), least, visible_after_ms=visible_after_ms)
    return replay(trace, gaps, least, lifetime)


def told_simply(prompts: list[Prompt], lifetime_ms: float) -> list[int]:
    """Blocks read by each prompt: a dictionary of prefixes and when each was last touched."""
    touched: dict[tuple[object, ...], int] = {}
    read = []
    for now, blocks, sender in prompts:
        prefixes = [(sender, *blocks[: i + 1]) for i in range(len(blocks))]
        n = 0
        while n < len(prefixes) and prefixes[n] in touched:
            if now - touched[prefixes[n]] >= lifetime_ms:
                break
            n += 1
        read.append(n)
        touched |= dict.fromkeys(prefixes, now)
    return read


@st.composite
def traffic(draw: st.DrawFn) -> list[Prompt]:
    """Conversations that grow, branch and share a beginning, minutes apart."""
    prompts = []
    now = 0
    for _ in range(draw(st.integers(1, 14))):
        now += draw(st.sampled_from([0, 1, 4 * MINUTE, 5 * MINUTE, 6 * MINUTE, 70 * MINUTE]))
        blocks = draw(st.lists(st.integers(1, 3), max_size=5))
        sender = draw(st.sampled_from([US, US._replace(workspace="chat"), US._replace(model="n")]))
        prompts.append((now, blocks, sender))
    return prompts


@given(traffic(), st.sampled_from(LIFETIMES))
def test_it_agrees_with_a_cache_told_simply(prompts: list[Prompt], lifetime: Lifetime) -> None:
    found = replayed(trace_of(*prompts), lifetime)
    assert found.read_blocks.tolist() == told_simply(prompts, LIFETIME_MS[lifetime])
    assert (found.read_tokens + found.written_tokens == BLOCK * found.blocks).all()


@given(traffic(), st.integers(0, 60))
def test_a_longer_lifetime_never_reads_less(prompts: list[Prompt], minimum: int) -> None:
    trace = trace_of(*prompts)
    five, hour, ever = (
        replayed(trace, lifetime, minimum=minimum).read_tokens for lifetime in ("5m", "1h", "none")
    )
    assert (five <= hour).all()
    assert (hour <= ever).all()


@given(traffic())
def test_another_name_for_blocks_changes_nothing(prompts: list[Prompt]) -> None:
    """Ids need not know what came before: naming blocks by their whole prefix is the same."""
    names: dict[tuple[int, ...], int] = {}
    chained = [
        (t, [names.setdefault(tuple(b[: i + 1]), len(names)) for i in range(len(b))], s)
        for t, b, s in prompts
    ]
    plain, other = (replayed(trace_of(*p), "5m") for p in (prompts, chained))
    assert plain.read_tokens.tolist() == other.read_tokens.tolist()


def test_a_read_refreshes_the_lifetime() -> None:
    """Four minutes, four times: each reads what the one before it refreshed."""
    trace = trace_of(*[(4 * MINUTE * i, [1, 2], US) for i in range(5)])
    assert replayed(trace, "5m").read_blocks.tolist() == [0, 2, 2, 2, 2]


@pytest.mark.parametrize(("gap_ms", "read"), [(5 * MINUTE - 1, 1), (5 * MINUTE, 0)])
def test_a_prefix_is_gone_when_its_lifetime_is_over(gap_ms: int, read: int) -> None:
    trace = trace_of((0, [1], US), (gap_ms, [1], US))
    assert replayed(trace, "5m").read_blocks.tolist() == [0, read]


@pytest.mark.parametrize(
    ("platform", "read"), [("anthropic", 0), ("azure", 0), ("bedrock", 1), ("vertex", 1)]
)
def test_workspaces_share_a_cache_on_some_platforms_only(platform: str, read: int) -> None:
    one = Sender(platform, "search", "m")
    trace = trace_of((0, [1], one), (1, [1], one._replace(workspace="chat")))
    assert replayed(trace, "5m").read_blocks.tolist() == [0, read]


def test_models_share_nothing() -> None:
    trace = trace_of((0, [1], US), (1, [1], US._replace(model="n")))
    assert replayed(trace, "none").read_blocks.tolist() == [0, 0]


def test_a_prefix_under_the_minimum_is_neither_read_nor_written() -> None:
    """The minimum is 25 tokens: 20 shared ones are not read, a prompt of 23 writes nothing."""
    trace = trace_of((0, [1, 2, 3], US), (1, [1, 2, 4], US), (2, [1, 2], US), (3, [1, 2, 4], US))
    found = replayed(trace, "5m", minimum=25)
    assert found.read_tokens.tolist() == [0, 0, 0, 30]
    assert found.written_tokens.tolist() == [30, 30, 0, 0]


def test_what_is_too_short_to_be_written_refreshes_nothing() -> None:
    trace = trace_of((0, [1, 2, 3], US), (4 * MINUTE, [1, 2], US), (8 * MINUTE, [1, 2, 3], US))
    assert replayed(trace, "5m", minimum=25).read_tokens.tolist() == [0, 0, 0]
    assert replayed(trace, "5m").read_tokens.tolist() == [0, 20, 20]


def test_requests_of_one_moment_miss_each_other_while_writes_are_unseen() -> None:
    """A cold batch: everything is sent before the first answer begins."""
    cold = trace_of(*[(0, [1, 2], US)] * 10, (9_000, [1, 2], US))
    assert replayed(cold, "5m").read_blocks.tolist() == [0] + [2] * 10
    unseen = replayed(cold, "5m", visible_after_ms=5_000)
    assert unseen.read_blocks.tolist() == [0] * 10 + [2]


@given(traffic(), st.sampled_from([1, MINUTE, 10 * MINUTE]))
def test_seeing_writes_later_never_reads_more(prompts: list[Prompt], later: int) -> None:
    trace = trace_of(*prompts)
    at_once, late = (replayed(trace, "1h", visible_after_ms=ms) for ms in (0, later))
    assert (late.read_tokens <= at_once.read_tokens).all()


@settings(deadline=None)
@given(traffic(), st.sampled_from(LIFETIMES))
def test_breakpoints_never_read_more_than_every_block(
    prompts: list[Prompt], lifetime: Lifetime
) -> None:
    trace = trace_of(*prompts)
    tree, least = prefix_tree(trace), np.zeros(len(trace), dtype=np.int64)
    gaps, group = touch_gaps(trace, tree, least), roots(trace, tree)
    every = replay(trace, gaps, least, lifetime)
    for marks_end, n in ((True, 1), (True, 4), (False, 4)):
        marks = place_marks(trace, tree, gaps, group, n_breakpoints=n, marks_end=marks_end)
        assert all(len(places) <= n - marks_end for places in marks.fixed.values())
        found = replay_marks(trace, tree, marks, group, least, lifetime)
        assert (found.read_tokens <= every.read_tokens).all()
        assert (found.written_tokens >= 0).all()
        assert (found.read_tokens + found.written_tokens <= trace.input_tokens).all()


def test_the_end_serves_a_conversation_and_a_part_serves_what_branches() -> None:
    """Two questions after the same documents: their ends are of no use to one another."""
    branches = [(i, [1, 2, 10 + i], US) for i in range(4)]
    trace = trace_of(*branches, sessions=[0] * 4)
    tree, least = prefix_tree(trace), np.zeros(len(trace), dtype=np.int64)
    gaps, group = touch_gaps(trace, tree, least), roots(trace, tree)

    def read_and_written(n: int, marks_end: bool) -> tuple[list[int], list[int]]:
        marks = place_marks(trace, tree, gaps, group, n_breakpoints=n, marks_end=marks_end)
        found = replay_marks(trace, tree, marks, group, least, "5m")
        return found.read_tokens.tolist(), found.written_tokens.tolist()

    assert read_and_written(1, True) == ([0, 0, 0, 0], [30, 30, 30, 30])
    assert read_and_written(2, True) == ([0, 20, 20, 20], [30, 10, 10, 10])
    assert read_and_written(1, False) == ([0, 20, 20, 20], [20, 0, 0, 0])


def test_prompts_that_begin_the_same_are_one_group_where_no_session_is_named() -> None:
    """All share a system prompt; what comes after it tells conversations apart."""
    talks = [(i, [0, 1 + i % 30, 100 + i], US) for i in range(90)]
    trace = trace_of(*talks)
    group = roots(trace, prefix_tree(trace))
    assert len(set(group.tolist())) == 30
    assert (group[:30] == group[30:60]).all()


RATES = InputRates(np.tile([4e-6, 5e-6, 8e-6, 0.2e-6, 20e-6], (2, 1)))


def test_the_input_costs_what_is_read_written_and_sent() -> None:
    """23 tokens written at 1.25 but for 3, then 20 read at .05 and 3 sent: 33.5 of 46."""
    trace = trace_of((0, [1, 2], US), (1, [1, 2], US))
    found = replayed(trace, "5m")
    assert input_cost_multiple(found, RATES) == pytest.approx((20 * 1.25 + 3 + 20 * 0.05 + 3) / 46)
    assert RATES.write_multiple("1h") == pytest.approx(2)
    assert RATES.read_multiple() == pytest.approx(0.05)


def test_the_best_choice_by_session_is_never_dearer_than_one_for_all() -> None:
    """The first session comes back twice after ten minutes, the second never."""
    back = [(10 * i * MINUTE, [1, 2], US) for i in range(3)]
    trace = trace_of(*back, (21 * MINUTE, [8, 9], US))
    rates = InputRates(np.tile([4e-6, 5e-6, 8e-6, 0.2e-6, 20e-6], (4, 1)))
    replays = {t: replayed(trace, t) for t in ("5m", "1h")}
    best = best_by_session(replays, rates, np.array([0, 0, 0, 1]))
    assert best.shares == {"none": 0.5, "5m": 0.0, "1h": 0.5}
    assert best.input_cost_multiple == pytest.approx((20 * 2 + 2 * 20 * 0.05 + 9 + 23) / 92)
    assert all(
        best.input_cost_multiple <= input_cost_multiple(found, rates) for found in replays.values()
    )
