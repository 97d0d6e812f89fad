"""The machine's own limits, measured in the same run as everything that is compared with them."""

import statistics
import time
from collections.abc import Callable

from argon2 import PasswordHasher
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from idp.signon.factors.hashing import HASHER


def per_call(act: Callable[[], object], *, seconds: float = 0.4, rounds: int = 5) -> float:
    """Return the median CPU seconds of one call of *act*."""
    act()
    figures = []
    for _ in range(rounds):
        count, start = 0, time.process_time()
        while time.process_time() - start < seconds / rounds:
            act()
            count += 1
        figures.append((time.process_time() - start) / count)
    return statistics.median(figures)


def measure() -> dict[str, float]:
    """Return CPU seconds of a bare RSA-3072, RSA-2048 and P-256 signature and of one argon2id hash."""
    message = b"x" * 600
    rsa_3072 = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    rsa_2048 = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    p_256 = ec.generate_private_key(ec.SECP256R1())
    hasher: PasswordHasher = HASHER
    return {
        "RSA-3072 signature": per_call(lambda: rsa_3072.sign(message, padding.PKCS1v15(), hashes.SHA256())),
        "RSA-2048 signature": per_call(lambda: rsa_2048.sign(message, padding.PKCS1v15(), hashes.SHA256())),
        "P-256 signature": per_call(lambda: p_256.sign(message, ec.ECDSA(hashes.SHA256()))),
        "argon2id hash": per_call(lambda: hasher.hash("bench"), seconds=1.0),
    }
