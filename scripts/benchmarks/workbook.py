"""How long the negotiation workbook takes: to build, and to calculate in LibreOffice.

python scripts/benchmarks/workbook.py [--workloads 100] [--months 36] [--scenarios 1000]
    [--settlement monthly] [--keep FILE] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "excel")]


def main() -> None:
    """Build one workbook, calculate it, and print seconds and bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", type=int, default=100)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--settlement", default="monthly")
    parser.add_argument("--keep", type=Path, help="file to write the workbook to")
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    options = parser.parse_args()

    import workbook_example as example

    from excel_templates.fill import fill_workbook

    terms = example.terms(settlement=options.settlement, term_months=options.months)
    names = [f"workload {i + 1}" for i in range(options.workloads)]
    recommendation, decisions = example.recommendation(
        terms, example.paths(options.scenarios, options.months, names)
    )
    for run in ("first", "second"):
        started, used = time.perf_counter(), time.process_time()
        saved = fill_workbook(recommendation, decisions)
        print(f"{run:6} build {time.perf_counter() - started:6.2f} s "
              f"({time.process_time() - used:.2f} s of a core)")  # fmt: skip
    if options.profile:
        with cProfile.Profile() as profile:
            fill_workbook(recommendation, decisions)
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"file         {len(saved.content) / 1e6:6.2f} MB, {saved.n_valued} of "
          f"{saved.n_formulas} formulas with a value, peak memory {peak:.0f} MB")  # fmt: skip
    soffice = shutil.which("soffice")
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "workbook.xlsx"
        file.write_bytes(saved.content)
        if options.keep:
            options.keep.write_bytes(saved.content)
        if soffice is None:
            print("LibreOffice  not on this machine")
            return
        profile = Path(directory) / "profile"
        for what, source in (("starting", ROOT / "excel_templates" / "negotiation.xlsx"),
                             ("this workbook", file)):  # fmt: skip
            started, used = time.perf_counter(), _seconds_of_children()
            _recalculate(soffice, profile, source, Path(directory) / "out")
            print(f"LibreOffice  {time.perf_counter() - started:6.2f} s "
                  f"({_seconds_of_children() - used:.2f} s of a core)  open, calculate, save: "
                  f"{what}")  # fmt: skip


def _seconds_of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _recalculate(soffice: str, profile: Path, file: Path, out: Path) -> None:
    settings = profile / "user" / "registrymodifications.xcu"
    if not settings.exists():
        from conftest import ALWAYS_RECALCULATE

        settings.parent.mkdir(parents=True)
        settings.write_text(ALWAYS_RECALCULATE)
    subprocess.run(
        [soffice, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), str(file)],
        check=True,
        capture_output=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
