"""A number within a tolerance: the first number of an answer, however its thousands and decimals are set apart."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from pilotage.core.canonical import Json
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome, fail
from pilotage.evaluation.scorers.text import NOT_TEXT
from pilotage.registry.kinds.scorer import NumberScorer

LONGEST_NUMBER = 60
_LARGEST_EXPONENT = 300
_HUNDRED = Decimal(100)

_NUMERAL = re.compile(
    r"""
    (?P<sign>(?<![\w)])[-+\u2212])?            # a hyphen after a letter or digit is no sign
    (?P<money>\s?[\u0024\u00a3\u00a5\u20ac]\s?)?  # dollar, pound, yen, euro
    (?P<late_sign>(?<=[\u0024\u00a3\u00a5\u20ac\s])[-\u2212])?
    (?P<body>\d[\d.,'\u2019_\u00a0\u2009\u202f]*|\.\d+)
    (?P<groups>(?:\x20\d{3}(?!\d))*)            # 1 234 567
    (?P<rest>[.,]\d+)?
    (?P<exponent>[eE][-+]?\d{1,3}(?!\w))?
    (?P<percent>\s?[%\uff05])?
    """,
    re.VERBOSE,
)


def score_number(scorer: NumberScorer, expected: float | str, answer: AnswerValue) -> Outcome:
    """Pass when the first number in the answer is as close to the expected one as the wider tolerance allows.

    Units and words around it are ignored. `1,234` and `1.234` can be read in two ways and `12 %` is 12 or 0.12: such
    an answer passes when one reading does. Words for numbers and for scales (a dozen, 3 million, 5k) are not read.
    """
    if not isinstance(answer, str):
        return NOT_TEXT
    found = read_number(answer)
    if found is None:
        return fail("the answer holds no number")
    if not found:
        return fail("the number in the answer is too long to be meant")
    wanted = expected_number(expected)
    if wanted is None:
        return fail("the item expects no number")
    within = max(Decimal(str(scorer.absolute)), Decimal(str(scorer.relative)) * abs(wanted))
    if any(abs(reading - wanted) <= within for reading in found):
        return PASS
    return fail("the number in the answer lies outside the tolerance")


def expected_number(value: Json) -> Decimal | None:
    """Give an item's expected number, written as a JSON number or as plain text such as `-12.5`; None for others."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and not re.fullmatch(r"[-+]?\d{1,30}(\.\d{1,30})?", value, re.ASCII):
        return None
    return Decimal(str(value))


def read_number(text: str) -> tuple[Decimal, ...] | None:
    """Give every reading of the first number in a text; none of them when it is absurdly long, None without one."""
    match = _NUMERAL.search(text)
    if match is None:
        return None
    bodies = [match["body"] + match["groups"].replace(" ", "") + (match["rest"] or "")]
    if match["groups"]:
        bodies.append(match["body"])  # "12 345" may be two numbers
    if max(map(len, bodies)) > LONGEST_NUMBER:
        return ()
    exponent = int(match["exponent"][1:]) if match["exponent"] else 0
    if abs(exponent) > _LARGEST_EXPONENT:
        return ()
    sign = -1 if (match["sign"] or match["late_sign"] or "+") in "-\u2212" else 1
    scale = Decimal(sign).scaleb(exponent)
    readings = [plain * scale for body in bodies for plain in readings_of(body)]
    if match["percent"]:
        readings += [reading / _HUNDRED for reading in readings]
    return tuple(readings)


def readings_of(body: str) -> list[Decimal]:
    """Give every reading of digits with what sets thousands and decimals apart; the text is not longer than 60."""
    return [Decimal(plain) for plain in _plain_forms(_in_ascii(body))]


def _in_ascii(body: str) -> str:
    """Give a numeral with the digits 0 to 9 whatever its script, without marks that can only set thousands apart."""
    bare = re.sub(r"['\u2019_\u00a0\u2009\u202f]", "", body).rstrip(".,")
    return "".join(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark for mark in bare)


def _plain_forms(body: str) -> list[str]:
    """Give the possible readings of digits with dots and commas, in Python's form."""
    marks = {mark for mark in ".," if mark in body}
    if not marks:
        return [body]
    if len(marks) == 2:  # noqa: PLR2004 - both marks: the last one sets the decimals apart
        decimal = max(marks, key=body.rfind)
        thousands = "." if decimal == "," else ","
        whole, _, fraction = body.replace(thousands, "").rpartition(decimal)
        return [f"{whole.replace(decimal, '') or '0'}.{fraction}"]
    mark = marks.pop()
    groups = body.split(mark)
    in_thousands = 0 < len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])  # noqa: PLR2004 - of digits
    forms = [body.replace(mark, "")] if in_thousands and groups[0] != "0" else []
    if len(groups) == 2:  # noqa: PLR2004 - one mark
        forms.append(f"{groups[0] or '0'}.{groups[1]}")
    return forms or [f"{groups[0] or '0'}.{groups[1] or '0'}"]
