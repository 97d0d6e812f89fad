"""Two Flask views on the same server, the floors under every figure: an empty one, and one that signs as a response does."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask

app = Flask(__name__)

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=3072)
_PADDING, _HASH, _OCTETS = padding.PKCS1v15(), hashes.SHA256(), b"x" * 600


@app.get("/")
def nothing() -> str:
    return "ok"


@app.get("/signatures")
def signatures() -> str:
    """The two bare signatures that a signed response carries."""
    _KEY.sign(_OCTETS, _PADDING, _HASH)
    _KEY.sign(_OCTETS, _PADDING, _HASH)
    return "ok"
