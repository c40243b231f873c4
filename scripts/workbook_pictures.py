"""Every page of a workbook as a picture, the way LibreOffice prints it; README's come from this.

python scripts/workbook_pictures.py negotiation.xlsx --out pages [--only Decision] [--dpi 110]

Pages are named by number and sheet (its name stands in the footer). With --trim the footer and the
white around a page are cut off. Needs LibreOffice's soffice, poppler's pdftoppm and pdftotext.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

ABOVE_FOOTER = 0.94
"""Share of a page's height above its footer: margins are 15 mm of 210."""
NEEDED = ("soffice", "pdftoppm", "pdftotext")


def main() -> None:
    """Print the workbook, and save its pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workbook", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--only", help="pages of this sheet alone")
    parser.add_argument("--dpi", type=int, default=110)
    parser.add_argument("--trim", action="store_true", help="cut off the footer and what is white")
    options = parser.parse_args()
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        sys.exit(f"not on the path: {', '.join(missing)}")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        printed = _printed(options.workbook, Path(folder))
        for number, sheet in enumerate(_sheets(printed), start=1):
            if options.only in (None, sheet):
                picture = _picture(printed, number, sheet, options.out, options.dpi)
                if options.trim:
                    _trim(picture)
                print(picture)


def _printed(workbook: Path, folder: Path) -> Path:
    profile = (folder / "profile").as_uri()
    _run("soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf",
         "--outdir", str(folder), str(workbook))  # fmt: skip
    return folder / f"{workbook.stem}.pdf"


def _sheets(printed: Path) -> list[str]:
    """The sheet of every page: the middle of the footer, between the maker and the number."""
    text = _run("pdftotext", "-layout", str(printed), "-")
    found = []
    for page in text.removesuffix("\f").split("\f"):
        footer = page.rstrip().splitlines()[-1]
        middle = footer.removeprefix("Commitment sizing").rsplit("/", 1)[0]
        found.append(middle.strip().rpartition(" ")[0].strip())
    return found


def _picture(printed: Path, number: int, sheet: str, out: Path, dpi: int) -> Path:
    path = out / f"{number:02d}_{sheet.lower().replace(' ', '_')}"
    _run("pdftoppm", "-r", str(dpi), "-f", str(number), "-l", str(number), "-png", "-singlefile",
         str(printed), str(path))  # fmt: skip
    return path.with_suffix(".png")


def _trim(picture: Path) -> None:
    """Cut a page down to what is printed above the footer, with a narrow white edge."""
    with Image.open(picture) as page:
        body = page.convert("RGB").crop((0, 0, page.width, int(page.height * ABOVE_FOOTER)))
    inked = ImageOps.invert(body).getbbox()
    if inked is not None:
        left, top, right, bottom = inked
        edge = body.width // 100
        box = max(0, left - edge), max(0, top - edge), min(body.width, right + edge), bottom + edge
        body.crop(box).save(picture)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
