"""The days of a contract as an iCalendar file (RFC 5545): whole-day events, with reminders."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from forecast.records.terms.dates import KeyDate

REMINDER_DAYS = 14
"""A last day to act is announced two weeks ahead: time for an approval."""

MAX_OCTETS = 75
"""Longer lines are folded (RFC 5545, 3.1)."""


def calendar_text(name: str, dates: Sequence[KeyDate]) -> str:
    r"""Write the days of a contract; the same days give the same bytes.

    >>> from datetime import date
    >>> text = calendar_text("Deal", [KeyDate(day=date(2027, 1, 1), what="The term starts.")])
    >>> [line for line in text.split("\r\n") if line.startswith(("DTSTART", "SUMMARY"))]
    ['DTSTART;VALUE=DATE:20270101', 'SUMMARY:Deal: The term starts.']
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//commitment-sizing//contract dates//EN"]
    for found in dates:
        said = f"{name}: {found.what}"
        uid = hashlib.sha256(f"{found.day} {said}".encode()).hexdigest()[:32]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid}@commitment-sizing",
            f"DTSTAMP:{found.day:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{found.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{found.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(said)}",
        ]
        if found.is_last_day_to_act:
            lines += [
                "BEGIN:VALARM",
                "ACTION:DISPLAY",
                f"DESCRIPTION:{_escaped(said)}",
                f"TRIGGER:-P{REMINDER_DAYS}D",
                "END:VALARM",
            ]
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    for mark in ("\\", ";", ","):
        shown = shown.replace(mark, f"\\{mark}")
    return shown


def _folded(line: str) -> str:
    parts: list[str] = []
    part = b""
    for character in line:
        octets = character.encode()
        limit = MAX_OCTETS if not parts else MAX_OCTETS - 1
        if len(part) + len(octets) > limit:
            parts.append(part.decode())
            part = b""
        part += octets
    return "\r\n ".join([*parts, part.decode()])
