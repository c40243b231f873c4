"""Traces as they come, and refusals that name the cell."""

from __future__ import annotations

import gzip
import json
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import UsageFormatError
from forecast.traces import RequestTrace, Sender
from forecast.usage.reading import read_usage
from forecast.usage.request_traces import building
from forecast.usage.request_traces.reading import read_traces

MODEL = "claude-opus-4-5-20251101"


def session(*requests: dict[str, object], **top: object) -> bytes:
    document = {
        "id": "trace_1",
        "models": [MODEL],
        "block_size": 64,
        "hash_id_scope": "local",
        "requests": [
            {"type": "s", "model": MODEL, "out": 5, "stop": "end_turn"} | r for r in requests
        ],
    }
    return json.dumps(document | top).encode()


FIRST = {"t": 0.0, "in": 200, "hash_ids": [1, 2, 3]}
SECOND = {"t": 31.25, "in": 270, "hash_ids": [1, 2, 3, 4]}


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def prompts(trace: RequestTrace) -> list[list[int]]:
    return [
        trace.blocks[a:b].tolist() for a, b in zip(trace.offsets, trace.offsets[1:], strict=False)
    ]


def test_a_session_document(tmp_path: Path) -> None:
    path = written(tmp_path, "one.json.gz", gzip.compress(session(FIRST, SECOND)))
    trace = read_traces([path])
    assert trace.time_ms.tolist() == [0, 31_250]
    assert trace.input_tokens.tolist() == [200, 270]
    assert trace.block_covered_tokens.tolist() == [192, 256]
    assert prompts(trace) == [[1, 2, 3], [1, 2, 3, 4]]
    assert trace.senders == (Sender("anthropic", "", MODEL, "one.json.gz"),)
    assert trace.sessions_named
    assert trace.session.tolist() == [0, 0]


def test_sessions_of_several_files_are_merged_by_time_and_share_no_ids(tmp_path: Path) -> None:
    written(tmp_path, "a.json", session(FIRST, SECOND))
    written(tmp_path, "b.json", session({"t": 3, "in": 70, "hash_ids": [1]}))
    trace = read_traces([tmp_path])
    assert trace.time_ms.tolist() == [0, 3000, 31_250]
    assert prompts(trace) == [[1, 2, 3], [1], [1, 2, 3, 4]]
    assert trace.session.tolist() == [0, 1, 0]
    assert len(trace.senders) == 2


def test_sessions_that_share_ids_are_not_taken_to_share_time(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", session(FIRST, hash_id_scope="global"))
    (note,) = read_traces([path]).notes
    assert "the true hit share is at least this one" in note


@pytest.mark.parametrize(
    ("request_", "column", "said"),
    [
        ({"t": -1.5}, "t", "is negative: -1.5"),
        ({"t": 10.0}, "t", "is earlier than the row before; sort the trace by time"),
        ({"t": "soon"}, "t", "is not a time: 'soon'"),
        ({"in": 191}, "hash_ids", "4 blocks of 64 tokens are longer than the input of 191 tokens"),
        ({"in": None}, "in", "is not a number: None"),
        ({"in": 10.5}, "in", "has a fraction"),
        ({"hash_ids": None}, "hash_ids", "is not a list: None"),
        ({"hash_ids": [1, 2.5]}, "hash_ids", "ids are whole numbers or texts, not Decimal('2.5')"),
        ({"hash_ids": [1, True]}, "hash_ids", "ids are whole numbers or texts, not True"),
        ({"hash_ids": [1, "2"]}, "hash_ids", "ids are whole numbers or texts, not '2'"),
        ({"hash_ids": [2**63]}, "hash_ids", "holds an id beyond 64 bits"),
        ({"hash_ids": ["a" * 201]}, "hash_ids", "empty or longer than 200 characters"),
        ({"type": "subagent"}, "type", "give the requests within it as a session of their own"),
    ],
)
def test_a_session_that_cannot_be_is_refused_with_the_cell(
    tmp_path: Path, request_: dict[str, object], column: str, said: str
) -> None:
    early = {"t": 20.0, "in": 200, "hash_ids": [1, 2, 3]}
    path = written(tmp_path, "bad.json", session(early, SECOND | request_))
    with pytest.raises(UsageFormatError) as refused:
        read_traces([path])
    error = refused.value
    assert (error.file, error.row, error.column) == ("bad.json", 2, column)
    assert said in error.problem


def test_a_time_that_is_no_number_is_refused(tmp_path: Path) -> None:
    text = session(FIRST).replace(b'"t": 0.0', b'"t": NaN')
    with pytest.raises(UsageFormatError, match=r"row 1, column t: is not a finite number"):
        read_traces([written(tmp_path, "nan.json", text)])


def test_a_block_without_length_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "bad.json", session(FIRST, block_size=0))
    with pytest.raises(UsageFormatError, match="column block_size: is no length of a block: 0"):
        read_traces([path])


LINES = (
    b'{"timestamp": 0, "input_length": 1100, "output_length": 5, "hash_ids": [0, 7, 8]}\n'
    b'{"timestamp": 2500, "input_length": 600, "output_length": 9, "hash_ids": [0, 9]}\n'
)


def test_json_lines(tmp_path: Path) -> None:
    trace = read_traces([written(tmp_path, "chat.jsonl", LINES)], platform="bedrock")
    assert trace.time_ms.tolist() == [0, 2500]
    assert trace.block_tokens.tolist() == [512, 512]
    assert trace.block_covered_tokens.tolist() == [1100, 600]
    assert trace.senders == (Sender("bedrock", "", "", ""),)
    assert not trace.sessions_named


@pytest.mark.parametrize(
    ("old", "new", "column", "said"),
    [
        (b"600", b"1700", "hash_ids", "state the block size with --block-tokens"),
        (b"600", b"500", "hash_ids", "longer than the input of 500"),
        (b"2500", b"-1", "timestamp", "is negative: -1"),
        (b'"input_length": 600, ', b"", "input_length", "is missing"),
    ],
)
def test_lines_that_cannot_be_are_refused_with_the_cell(
    tmp_path: Path, old: bytes, new: bytes, column: str, said: str
) -> None:
    path = written(tmp_path, "chat.jsonl", LINES.replace(old, new))
    with pytest.raises(UsageFormatError, match=said) as refused:
        read_traces([path])
    assert (refused.value.row, refused.value.column) == (2, column)


def test_another_block_size_can_be_stated(tmp_path: Path) -> None:
    path = written(tmp_path, "chat.jsonl", LINES)
    assert read_traces([path], block_tokens=400).block_covered_tokens.tolist() == [1100, 600]


TABLE = """time,model,workspace,input_tokens,cache_read_tokens,session,prefix,prefix_tokens
2026-11-02T08:00:00Z,m,search,900,100,a,policies,800
2026-11-02T09:00:03+01:00,m,search,1000,0,a,policies,800
2026-11-02T08:01:00Z,m,search,30,0,b,,0
"""


def test_a_table_with_prefixes(tmp_path: Path) -> None:
    trace = read_traces([written(tmp_path, "log.csv", TABLE.encode())])
    assert (trace.time_ms - trace.time_ms[0]).tolist() == [0, 3000, 60_000]
    assert trace.input_tokens.tolist() == [1000, 1000, 30]
    assert trace.block_covered_tokens.tolist() == [800, 800, 0]
    assert prompts(trace) == [[0], [0], []]
    assert trace.session.tolist() == [0, 0, 1]
    assert trace.sessions_named


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("policies,800\n2026-11-02T09", "policies,1001\n2026-11-02T09", (1, "prefix"), "longer"),
        (
            "a,policies,800\n2026-11-02T08:01",
            "a,policies,801\n2026-11-02T08:01",
            (2, "prefix_tokens"),
            "but 800 in an earlier row of the same prefix",
        ),
        ("900,100", "-900,100", (1, "input_tokens"), "is negative"),
        ("900,100", "NaN,100", (1, "input_tokens"), "is not a finite number|is not a count"),
        ("08:01:00Z", "07:01:00Z", (3, "time"), "is earlier than the row before"),
        ("08:00:00Z", "08:00:00", (1, "time"), "has no time zone"),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_the_cell(
    tmp_path: Path, old: str, new: str, place: tuple[int, str], said: str
) -> None:
    assert old in TABLE
    path = written(tmp_path, "log.csv", TABLE.replace(old, new).encode())
    with pytest.raises(UsageFormatError, match=said) as refused:
        read_traces([path])
    assert (refused.value.row, refused.value.column) == place
    assert refused.value.file == "log.csv"


def test_a_prefix_needs_a_length(tmp_path: Path) -> None:
    frame = pd.read_csv(BytesIO(TABLE.encode())).drop(columns="prefix_tokens")
    path = written(tmp_path, "log.csv", frame.to_csv(index=False).encode())
    with pytest.raises(UsageFormatError, match="state one length for all with --prefix-tokens"):
        read_traces([path])
    trace = read_traces([path], prefix_tokens=500)
    assert trace.block_covered_tokens.tolist() == [500, 500, 0]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize("ids", [[[1, 2], [1, 2, 3], []], [["x", "y"], ["x", "y", "z"], []]])
def test_a_table_with_blocks(tmp_path: Path, kind: str, ids: list[list[object]]) -> None:
    frame = pd.DataFrame(
        {
            "time_ms": [0, 5, 9],
            "prompt_tokens": [25, 30, 4],
            "block_tokens": [10, 10, 10],
            "block_hashes": ids,
        }
    )
    if kind == "csv":
        frame["block_hashes"] = [" ".join(map(str, row)) for row in ids]
        data = frame.to_csv(index=False).encode()
    else:
        sink = BytesIO()
        frame.to_parquet(sink)
        data = sink.getvalue()
    trace = read_traces([written(tmp_path, f"blocks.{kind}", data)])
    assert trace.n_blocks.tolist() == [2, 3, 0]
    first, second, _ = prompts(trace)
    assert second[:2] == first
    assert second[2] not in first


def test_batch_rows_are_left_out_and_said_so(tmp_path: Path) -> None:
    frame = pd.read_csv(BytesIO(TABLE.encode())).assign(service_tier=["batch", "standard", ""])
    trace = read_traces([written(tmp_path, "log.csv", frame.to_csv(index=False).encode())])
    assert len(trace) == 2
    assert trace.notes == (
        "1 requests in batch of log.csv are left out: when they ran is not known",
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("usage.csv", b"day,model,input_tokens\n2026-11-01,m,5\n"),
        ("log.csv", b"time,input_tokens\n2026-11-01T00:00:00Z,5\n"),
        ("some.json", b'{"data": [1, 2]}'),
    ],
)
def test_what_is_no_trace_is_told_what_is(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(UsageFormatError, match="is no request trace; what can be replayed"):
        read_traces([written(tmp_path, name, data)])


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "one.json", session(FIRST, SECOND))
    monkeypatch.setattr(building, "MAX_BLOCKS", 6)
    with pytest.raises(UsageFormatError, match=r"row 2, column hash_ids: brings the trace beyond"):
        read_traces([path])
    monkeypatch.setattr(building, "MAX_BLOCKS_OF_A_PROMPT", 3)
    with pytest.raises(UsageFormatError, match=r"row 2, column hash_ids: has 4 ids; at most 3"):
        read_traces([path])


def test_a_trace_without_requests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFormatError, match="holds no requests"):
        read_traces([written(tmp_path, "empty.json", session())])


def test_times_in_two_units_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "chat.jsonl", LINES.replace(b"2500", b"1762000000000000"))
    with pytest.raises(UsageFormatError, match="more than ten years apart; check their unit"):
        read_traces([path])


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([session(FIRST, SECOND), LINES, TABLE.encode()]),
    st.data(),
)
def test_damage_is_refused_on_purpose_or_read(whole: bytes, data: st.DataObject) -> None:
    """No damaged file ends in anything but a trace or a refusal that says where."""
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start, min(len(whole), start + 12)))
    words = st.sampled_from([b"", b"-1", b"1e400", b"NaN", b"null", b"[]", b"{}", b"9" * 30, b'"'])
    damaged = whole[:start] + data.draw(words | st.binary(max_size=4)) + whole[end:]
    trace, where = None, ""
    with TemporaryDirectory() as folder:
        path = written(Path(folder), "trace", damaged)
        try:
            trace = read_traces([path])
        except UsageFormatError as refused:
            where = refused.file or ""
    if trace is None:
        assert where == "trace"
    else:
        assert (trace.block_covered_tokens <= trace.input_tokens).all()
        assert (np.diff(trace.time_ms) >= 0).all()


def test_one_table_can_be_imported_and_replayed(tmp_path: Path) -> None:
    """What the replay reads beside the counts is no token column that nobody has reviewed."""
    frame = pd.read_csv(BytesIO(TABLE.encode())).assign(output_tokens=5)
    path = written(tmp_path, "requests.csv", frame.to_csv(index=False).encode())
    usage = read_usage([path]).rows
    assert int(usage["requests"].sum()) == len(read_traces([path])) == 3
    assert int(usage["input_tokens"].sum()) == 1930


def test_only_some_senders_can_be_replayed(tmp_path: Path) -> None:
    frame = pd.read_csv(BytesIO(TABLE.encode())).assign(workload=["Chat", "Nightly", "Chat"])
    path = written(tmp_path, "log.csv", frame.to_csv(index=False).encode())
    trace = read_traces([path], only={"workload": "Ch*", "workspace": "search"})
    assert trace.input_tokens.tolist() == [1000, 30]
    with pytest.raises(UsageFormatError, match="column colour: is no column of a sender"):
        read_traces([path], only={"colour": "*"})
    with pytest.raises(UsageFormatError, match="column tag: is missing"):
        read_traces([path], only={"tag": "*"})
    lines = written(tmp_path, "chat.jsonl", LINES)
    with pytest.raises(UsageFormatError, match="names no senders to choose by"):
        read_traces([lines], only={"model": "*"})
