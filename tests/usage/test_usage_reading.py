import gzip
import tomllib
import zipfile
from pathlib import Path

import pytest
from usage_samples import (
    CANONICAL,
    CONSOLE,
    CONSOLE_HEADER,
    day_bucket,
    report,
    result,
    time_bucket,
    write,
)

from forecast.errors import UsageFormatError
from forecast.usage.containers.limits import LIMITS
from forecast.usage.formats import litellm_daily_spend
from forecast.usage.reading import FORMATS, detect, read_usage

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "usage_reading.toml").read_text())


@pytest.mark.parametrize("case", CASES["case"], ids=lambda case: case["name"])
def test_worked_cases(tmp_path, case):
    rows = read_usage([write(tmp_path, "export", case["export"])]).rows
    expected = case["expected"]
    assert len(rows) == len(expected)
    for row, wanted in zip(rows.to_dict("records"), expected, strict=True):
        row["day"] = row["day"].date()
        assert {name: row[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (report(day_bucket(1, result())), "anthropic_usage_report"),
        (report(day_bucket(1)), "anthropic_usage_report"),
        ("\ufeff  \n" + report(day_bucket(1, result())), "anthropic_usage_report"),
        (CONSOLE, "anthropic_console_usage"),
        (CANONICAL, "canonical"),
    ],
)
def test_formats_are_told_by_content_not_by_name(tmp_path, content, name):
    assert detect(write(tmp_path, "misleading.parquet", content)).name == name


def test_every_format_says_whether_its_input_includes_cache():
    assert {kind.name for kind in FORMATS if kind.input_includes_cache} == {
        "openai_usage",
        "litellm_spend_logs",
        *(table.name for table in litellm_daily_spend.TABLES),
        "litellm_daily_activity",
        "otel_genai_spans",
        "openrouter_activity",
        "openrouter_generations",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        (" \n\t\n", "is empty"),
        ("just some text\n", "is of no known format"),
        ("date,slug,prompt_tokens\n2026-01-01,a,1\n", "it has date, prompt_tokens, slug"),
        (f"{CONSOLE_HEADER},day,input_tokens\n", "fits more than one format"),
        (b"PK\x03\x04\x00\x00", "not whole in its zip archive"),
        (b"\xff\xfed\x00", "UTF-16 or a workbook"),
        (b"PAR1 and nothing more", "not a readable Parquet file"),
    ],
)
def test_what_fits_no_format_is_refused_with_advice(tmp_path, content, words):
    with pytest.raises(UsageFormatError, match=words):
        detect(write(tmp_path, "a.csv", content))


def test_a_format_can_be_named(tmp_path):
    path = write(tmp_path, "a.csv", CONSOLE)
    with pytest.raises(UsageFormatError, match="is missing") as refused:
        read_usage([path], format_name="canonical")
    assert refused.value.column == "day"
    with pytest.raises(UsageFormatError, match="did you mean canonical"):
        read_usage([path], format_name="cannonical")
    with pytest.raises(UsageFormatError, match="is empty"):
        read_usage([write(tmp_path, "b.csv", "")], format_name="canonical")


def test_only_ordinary_files_are_read(tmp_path):
    with pytest.raises(UsageFormatError, match="no usage file is given"):
        read_usage([])
    with pytest.raises(UsageFormatError, match=r"absent\.csv: does not exist"):
        read_usage([tmp_path / "absent.csv"])
    with pytest.raises(UsageFormatError, match="is a device"):
        read_usage([Path("/dev/zero")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageFormatError, match=r"empty: holds no export"):
        read_usage([tmp_path / "empty"])


def test_archives_and_folders_are_read_as_what_is_in_them(tmp_path):
    folder = tmp_path / "months"
    (folder / "2025").mkdir(parents=True)
    (folder / ".hidden").write_text("x")
    (folder / "2025" / "a.json.gz").write_bytes(
        gzip.compress(report(day_bucket(1, result())).encode())
    )
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr("c.json", report(day_bucket(2, result())))
    told = []
    usage = read_usage([folder], progress=lambda *step: told.append(step))
    assert len(usage.rows) == 2
    assert [s.file for s in usage.sources] == ["months/2025/a.json.gz", "months/b.zip/c.json"]
    assert usage.skipped == ("months/.hidden is hidden and is not read",)
    assert told[-1] == ("usage read", 1.0)


def test_large_files_are_refused_before_they_are_parsed(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    with path.open("wb") as stream:
        stream.truncate(LIMITS.entry_bytes + 1)
    with pytest.raises(UsageFormatError, match="larger than 256 MiB"):
        read_usage([path])
    monkeypatch.setattr("forecast.usage.formats.json_text.MAX_JSON_BYTES", 2**19)
    text = report(day_bucket(1, result())) + " " * 2**19
    with pytest.raises(UsageFormatError, match="save the pages in several files"):
        read_usage([write(tmp_path, "a.json", text)])


def test_the_order_of_files_does_not_matter(tmp_path):
    paths = [
        write(tmp_path, "a.json", report(day_bucket(1, result()), day_bucket(3, result()))),
        write(tmp_path, "b.json", report(day_bucket(2, result()))),
        write(tmp_path, "c.csv", CANONICAL),
    ]
    forward, backward = read_usage(paths), read_usage(paths[::-1])
    assert forward.rows.equals(backward.rows)
    assert set(forward.sources) == set(backward.sources)


def test_progress_ends_at_one(tmp_path):
    told = []
    read_usage([write(tmp_path, "a.csv", CANONICAL)], progress=lambda *step: told.append(step))
    assert told == [("reading a.csv", 0.0), ("usage read", 1.0)]


def test_the_same_file_twice_is_refused(tmp_path):
    paths = [write(tmp_path, name, CANONICAL) for name in ("a.csv", "b.csv")]
    with pytest.raises(UsageFormatError, match=r"b\.csv: is the same file as a\.csv"):
        read_usage(paths)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (day_bucket(1, result()), day_bucket(1, result(output_tokens=7))),
        (
            day_bucket(1, result()),
            time_bucket("2025-08-01T07:00:00Z", "2025-08-01T08:00:00Z", result()),
        ),
        (
            time_bucket("2025-08-01T07:00:00Z", "2025-08-01T08:00:00Z", result()),
            time_bucket("2025-08-01T07:59:00Z", "2025-08-01T08:00:00Z", result()),
        ),
    ],
    ids=["same day", "hour inside day", "minute inside hour"],
)
def test_overlapping_reports_are_refused_naming_both(tmp_path, first, second):
    paths = [
        write(tmp_path, "a.json", report(first)),
        write(tmp_path, "b.json", report(day_bucket(9, result()), second)),
    ]
    with pytest.raises(UsageFormatError) as refused:
        read_usage(paths)
    assert (refused.value.file, refused.value.row) == ("b.json", 2)
    assert "a.json, row 1" in refused.value.problem


def test_reports_that_only_touch_are_not_refused(tmp_path):
    hours = [
        time_bucket("2025-08-01T07:00:00Z", "2025-08-01T08:00:00Z", result()),
        time_bucket("2025-08-01T08:00:00Z", "2025-08-01T09:00:00Z", result(output_tokens=1)),
    ]
    paths = [write(tmp_path, f"{i}.json", report(hour)) for i, hour in enumerate(hours)]
    assert read_usage(paths).rows["output_tokens"].tolist() == [501]


def test_reports_of_other_keys_or_accounts_are_not_refused(tmp_path):
    paths = [
        write(tmp_path, "a.json", report(day_bucket(1, result(account_id="a")))),
        write(tmp_path, "b.json", report(day_bucket(1, result(account_id="b")))),
    ]
    usage = read_usage(paths)
    assert usage.rows["tag"].tolist() == ["a", "b"]
    assert all(source.warnings == () for source in usage.sources)


def test_two_groupings_of_the_same_days_are_warned_of(tmp_path):
    coarse = result(api_key_id=None, workspace_id=None)
    paths = [
        write(tmp_path, "fine.json", report(day_bucket(1, result()))),
        write(tmp_path, "coarse.json", report(day_bucket(1, coarse))),
    ]
    warnings = [source.warnings for source in read_usage(paths).sources]
    assert warnings[0] == ()
    assert "they are counted twice" in warnings[1][0]


def test_overlapping_console_exports_are_refused(tmp_path):
    line = "2026-08-05,claude-opus-5,k,w,standard,≤ 200k,1,2,3,4,5,6,global,"
    hour = line.replace("2026-08-05", "2026-08-05 13:00").replace(",5,6,", ",9,6,")
    paths = [
        write(tmp_path, "a.csv", f"{CONSOLE_HEADER}\n{line}\n"),
        write(tmp_path, "b.csv", f"{CONSOLE_HEADER}\n{hour}\n"),
    ]
    with pytest.raises(UsageFormatError, match=r"b\.csv, row 1: .*a\.csv, row 1"):
        read_usage(paths)


def test_canonical_rows_in_two_files_are_refused(tmp_path):
    more = CANONICAL.replace("2000", "2001")
    paths = [write(tmp_path, "a.csv", CANONICAL), write(tmp_path, "b.csv", more)]
    with pytest.raises(UsageFormatError, match=r"b\.csv, row 2: .*stands in a\.csv, row 2"):
        read_usage(paths)


def test_two_views_of_the_same_books_are_refused(tmp_path):
    august = time_bucket("2026-08-05T00:00:00Z", "2026-08-06T00:00:00Z", result())
    paths = [write(tmp_path, "a.json", report(august)), write(tmp_path, "b.csv", CONSOLE)]
    with pytest.raises(UsageFormatError, match="two views of the same usage"):
        read_usage(paths)
    july = time_bucket("2026-07-05T00:00:00Z", "2026-07-06T00:00:00Z", result())
    paths[0] = write(tmp_path, "c.json", report(july))
    assert len(read_usage(paths).rows) == 4


def test_an_export_without_any_usage_is_refused(tmp_path):
    with pytest.raises(UsageFormatError, match="no usage in any of its days"):
        read_usage([write(tmp_path, "a.json", report(day_bucket(1)))])
