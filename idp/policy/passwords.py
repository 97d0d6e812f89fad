"""
Whether a new password may be taken, and how hard it is to guess. Pure; numbers of NIST SP 800-63B-4 section 3.1.1.

What is known to attackers is asked of whoever calls (`Listed`): a decision reads no file and no setting.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from zxcvbn_rs_py import zxcvbn

from idp.policy.signon import SecondStep

LONGEST_BYTES = 1024
LONGEST = 256
FLOOR = 8
FLOOR_ALONE = 15
"""The least where a password may be all that is asked for (NIST SP 800-63B-4 section 3.1.1.2)."""
GREATEST_MINIMUM = 64
"""No policy asks for more than every password manager makes, and every form takes."""
HIGHEST_SCORE = 4
LONGEST_HISTORY = 10
HISTORY_WITH_AGE = 5
"""The history that a maximum age brings with it, unless somebody says another."""
LEAST_DAYS, MOST_DAYS = 90, 730
"""From and to which maximum age, where there is one."""
WARN_BEFORE = timedelta(days=14)
_SCORED = 100  # the estimate takes time with the square of the length; what comes after makes no password weaker

Listed = Callable[[str], bool]
"""Says whether a password (of bounded length) is on the list of those that attackers know."""

TOO_SHORT = "Use at least {minimum} characters. A few unrelated words are easy to remember."
ABOUT_YOU = "Do not use your name, your e-mail address or your organization as the password."
BREACHED = "This password is on lists that attackers use. Choose another one."
BREACHED_CORE = "Without its figures and signs at the ends this password is on lists that attackers use."
REPEATED = "This password is one or two characters over and over."
GUESSABLE = "This password is easy to guess. Add another word or two that have nothing to do with each other."
USED_BEFORE = "You have used this password before. Choose a new one."


@dataclass(frozen=True, slots=True)
class Rules:
    """
    What an authentication policy asks of a new password.

    Args:
        minimum: least number of characters.
        score: least score, 0 to 4, of zxcvbn.
        history: so many passwords, the current one among them, may not come back.
        maximum_days: after so many days a new one is due; 0: never.
    """

    minimum: int
    score: int
    history: int = 0
    maximum_days: int = 0


def rules(
    *, minimum: int, score: int, history: int, maximum_days: int, second_step: SecondStep, alone: bool = False
) -> Rules:
    """
    Return the rules of an authentication policy with its floors.

    Where its second step is not required a password may be all that is asked for, so that it has at
    least 15 characters, whatever the policy says; else at least 8 (policy numbers; ASVS 6.2.1).

    Args:
        alone: count the password as all that is asked for, whatever *second_step* says.
    """
    floor = FLOOR if second_step is SecondStep.REQUIRED and not alone else FLOOR_ALONE
    return Rules(
        minimum=max(minimum, floor),
        score=min(max(score, 0), HIGHEST_SCORE),
        history=min(max(history, 0), LONGEST_HISTORY),
        maximum_days=max(maximum_days, 0),
    )


def canonical(password: str) -> str:
    """
    Return *password* in Unicode normal form C (RFC 8265), the same when set and when verified.

    Call only after the length was bounded: normalising is quadratic on combining marks (Q10).
    """
    return unicodedata.normalize("NFC", password)


def too_long(password: str) -> bool:
    """Say whether *password* is above what we take. It is refused then, never cut."""
    return len(password) > LONGEST or len(password.encode("utf-8", "surrogatepass")) > LONGEST_BYTES


def score(password: str, context: Collection[str]) -> int:
    """Return how hard *password* is to guess, 0 to 4 (zxcvbn); who knows *context* guesses its words first."""
    if too_long(password):
        return 0
    seen = canonical(password)[:_SCORED].encode("utf-8", "replace").decode("utf-8")
    words = sorted(word[:_SCORED].encode("utf-8", "replace").decode("utf-8") for word in context)
    return int(zxcvbn(seen, words).score)


def weaknesses(password: str, *, asked: Rules, context: Collection[str], listed: Listed) -> list[str]:
    """
    Return why *password* cannot be taken, one plain sentence each; empty when it can.

    The history is not looked at: that costs a hash for each of them.

    Args:
        asked: the rules of the account's policy.
        context: words that may not be the whole of it: e-mail, its parts, name, organization.
        listed: says what is on the list of breached passwords.
    """
    if too_long(password):
        return [f"Use at most {LONGEST} characters."]
    found: list[str] = []
    if len(canonical(password)) < asked.minimum:
        found.append(TOO_SHORT.format(minimum=asked.minimum))
    folded = canonical(password).casefold()
    core = re.sub(r"\A[\d\W_]+|[\d\W_]+\Z", "", folded)
    words = {canonical(word[:LONGEST]).casefold() for word in context if len(word) >= 3}
    if folded in words or (core and core in words):
        found.append(ABOUT_YOU)
    if folded and len(set(folded)) <= 2:
        found.append(REPEATED)
    elif listed(password):
        found.append(BREACHED)
    elif core != folded and 2 * len(core) >= len(folded) and listed(core):
        found.append(BREACHED_CORE)
    elif not found and score(password, context) < asked.score:
        found.append(GUESSABLE)
    return found


def expires_at(changed_at: datetime, maximum_days: int) -> datetime | None:
    """Return when a password of that day is to be changed; None where the policy sets no maximum age."""
    return changed_at + timedelta(days=maximum_days) if maximum_days else None
