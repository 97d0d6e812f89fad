"""Pictures that are drawn for one request: QR codes, as SVG."""

from io import BytesIO

import segno
from flask import Response


def qr(content: str) -> Response:
    """Return *content* as a QR code, dark on white in every theme so that cameras read it."""
    out = BytesIO()
    segno.make(content, error="m", micro=False).save(
        out, kind="svg", border=2, dark="#000000", light="#ffffff", svgclass=None, lineclass=None, omitsize=True
    )
    return Response(out.getvalue(), mimetype="image/svg+xml")


def grouped(secret: str) -> str:
    """Return *secret* in groups of four, as people copy it by hand."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
