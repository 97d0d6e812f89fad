"""The bearer token of a target: written and used, never read back by anybody."""

import re

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory.told_models import ProvisioningTarget

LONGEST = 4096
_TOKEN = re.compile(r"[!-~]+")


def seal(work: Work, target_id: str, token: str) -> str:
    """
    Return *token* sealed for its target.

    Raises:
        Invalid: it is nothing that can stand behind "Bearer".
    """
    token = token.strip()
    if len(token) > LONGEST or not _TOKEN.fullmatch(token):
        raise Invalid(
            "This is no token: it has blanks, or characters that no token has, or is too long.",
            field="token",
            advice="Copy it as the application shows it, without “Bearer” before it.",
        )
    return work.tx.vault.seal(token.encode("ascii"), _place(target_id))


def read(work: Work, target: ProvisioningTarget) -> str:
    """Return the token of a target, for whoever calls it; empty: it has none."""
    if not target.token_sealed:
        return ""
    return work.tx.vault.open_(target.token_sealed, _place(target.id)).decode("ascii")


def _place(target_id: str) -> str:
    return f"provisioning_targets:token:{target_id}"
