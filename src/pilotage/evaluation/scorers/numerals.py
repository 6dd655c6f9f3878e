"""The numbers and dates of a text, each as all that it may mean, so that two writings of one number can be compared."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TypeAlias

from pilotage.evaluation.scorers.number import LONGEST_NUMBER, readings_of

Form: TypeAlias = Decimal | tuple[str | int, ...]
"""What a numeral may mean: a number, or the parts of a date, a time or a version."""

_MONTHS = (
    "january januar janvier enero gennaio janeiro januari jan",
    "february februar février febrero febbraio fevereiro februari feb",
    "march märz mars marzo março maart mar",
    "april avril abril aprile apr",
    "may mai mayo maggio maio mei",
    "june juni juin junio giugno junho jun",
    "july juli juillet julio luglio julho jul",
    "august août agosto augustus aug",
    "september septembre septiembre settembre setembro sept sep",
    "october oktober octobre octubre ottobre outubro oct okt",
    "november novembre noviembre novembro nov",
    "december dezember décembre diciembre dicembre dezembro dec dez",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_NAMES = "|".join(sorted(_MONTH_OF, key=len, reverse=True))
# Looked at first, which saves most of the time.
_INITIALS = "".join(sorted({name[0] for name in _MONTH_OF}))
_DATE = re.compile(
    rf"""
    (?<![\w.,])(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|\u00ba|\u00aa)?\s{{1,3}}(?:(?:of|de|di)\s)?
        (?P<month>{_NAMES})\b\.?(?:,?\s{{1,3}}(?:de\s)?(?P<year>\d{{4}})(?![\w]))?
    | (?<!\w)(?=[{_INITIALS}])(?P<first_month>{_NAMES})\b\.?
        \s{{1,3}}(?P<second_day>\d{{1,2}})(?:st|nd|rd|th)?(?![\w.,]\d|\d)(?:,?\s{{1,3}}(?P<last_year>\d{{4}})(?![\w]))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_GAPS = "\u00a0\u2007\u2009\u202f"
_NUMERAL = re.compile(
    rf"""
    (?P<sign>(?<![\w)\]])(?<!\d\s)[-\u2212](?=\d)|(?<!\w)(?i:minus|negative|moins|menos|meno)\s(?=\d))?
    (?:
        (?P<date>\d{{4}}(?P<one>[-/.])\d{{1,2}}(?P=one)\d{{1,2}}(?!\d)
               | \d{{1,2}}(?P<other>[-/.])\d{{1,2}}(?P=other)(?:\d{{4}}|\d\d)(?!\d))
      | (?P<clock>\d{{1,2}}:\d\d(?::\d\d)?(?![\d:]))
      | (?P<body>\d+(?:[.,'\u2019_{_GAPS}]\d+)*)(?P<groups>(?:\x20\d{{3}}(?!\d))*)(?P<rest>[.,]\d+)?
    )
    (?P<percent>\s?[%\uff05])?
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(
    rf"\d+(?:[.,]\d+)?|\d{{1,3}}(?:(?P<mark>[.,'\u2019_{_GAPS}])\d{{3}})(?:(?P=mark)\d{{3}})*(?:[.,]\d+)?"
)
_CENTURY, _HUNDRED = 2_000, Decimal(100)
_LONGEST_MONTH = 31


def forms_in(text: str) -> frozenset[Form]:
    """Give all that the numerals of a text may mean, also taken apart: `22.11.2026` holds 22, 11 and 2026, too."""
    found: set[Form] = set()
    for match in _DATE.finditer(text):
        found |= {_day_of(match)} | _date_of(match)
    for match in _NUMERAL.finditer(text):
        forms, parts = _forms_of(match), _parts(match[0])
        found |= forms
        found |= set() if match["sign"] else {Decimal(part) for part in parts}
        days = [int(part) for part in parts if int(part) <= _LONGEST_MONTH]
        if len(days) == 2 or match["date"]:  # noqa: PLR2004 - `22.11.` as well as `22.11.2026`
            found |= {("day", *sorted(days[:2])), ("day", *sorted(days[-2:]))}
    return frozenset(found)


def unfounded_numerals(text: str, known: frozenset[Form]) -> int:
    """Count the numerals of a text that mean nothing known.

    `1,200`, `1 200` and `1.200,00` are one number, `12 %` is 12 or 0.12, `-5` is not 5,
    and a date is the same in any order; one that
    names its month must be known as a date. Words for numbers, and for thousands and millions, are not read.
    """
    count, at = 0, 0
    rest: list[str] = []
    for match in _DATE.finditer(text):
        forms = _date_of(match) or {_day_of(match)}
        if _is_verb(match):
            continue
        count += not forms & known
        rest.append(text[at : match.start()])
        at = match.end()
    rest.append(text[at:])
    return count + sum(not _forms_of(match) & known for match in _NUMERAL.finditer(" | ".join(rest)))


def _is_verb(match: re.Match[str]) -> bool:
    """Tell "12 may apply" from the month, which has a capital letter."""
    return "may" in {match["month"], match["first_month"]}


def _day_of(match: re.Match[str]) -> Form:
    """Give the day of the month that a date names."""
    month = _MONTH_OF[(match["month"] or match["first_month"]).lower()]
    return ("day", *sorted((int(match["day"] or match["second_day"]), month)))


def _date_of(match: re.Match[str]) -> set[Form]:
    """Give a date that names its month as a whole; nothing where it has no year."""
    year = match["year"] or match["last_year"]
    month = _MONTH_OF[(match["month"] or match["first_month"]).lower()]
    return _date_forms(int(match["day"] or match["second_day"]), month, int(year)) if year else set()


def _date_forms(*parts: int) -> set[Form]:
    """Give a date whatever the order of its parts; a year of two digits is one of this century, too."""
    whole: set[Form] = {("date", *sorted(parts))}
    *_, last = parts
    if max(parts) < _HUNDRED:
        whole.add(("date", *sorted((*parts[:-1], last + _CENTURY))))
    return whole


def _forms_of(match: re.Match[str]) -> set[Form]:
    numbers = [int(part) for part in _parts(match[0])]
    if match["date"]:
        return _date_forms(*numbers)
    if match["clock"]:
        clock: set[Form] = {("clock", *numbers)}
        return clock | {Decimal(f"{numbers[0]}.{numbers[1]:02}")} if len(numbers) == 2 else clock  # noqa: PLR2004 - h:mm
    bodies = [match["body"] + match["groups"].replace(" ", "") + (match["rest"] or "")]
    if match["groups"]:
        bodies.append(match["body"])
    forms: set[Form] = set()
    for body in bodies:
        if len(body) > LONGEST_NUMBER or not _PLAIN.fullmatch(body):
            forms.add(("parts", *_parts(body)))
        else:
            forms |= set(readings_of(body))
    if match["percent"]:
        forms |= {form / _HUNDRED for form in forms if isinstance(form, Decimal) and form < _HUNDRED}
    return {-form if match["sign"] and isinstance(form, Decimal) else form for form in forms}


def _parts(numeral: str) -> list[str]:
    """Give the runs of digits in a numeral, in the digits 0 to 9; absurdly long ones cut, so that none stalls."""
    return [
        "".join(str(unicodedata.decimal(mark)) for mark in run[:LONGEST_NUMBER]) for run in re.findall(r"\d+", numeral)
    ]
