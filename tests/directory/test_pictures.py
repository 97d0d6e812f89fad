"""T12: nothing that was uploaded is served. It is decoded, and what it shows is written anew as a small PNG."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import pictures
from idp.directory.launcher_models import Picture


def picture(kind="PNG", size=(64, 48), mode="RGB", colour="teal", **options) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def noise(size, mode="RGB") -> bytes:
    out = io.BytesIO()
    made = random.Random(12).randbytes(size[0] * size[1] * len(mode))
    Image.frombytes(mode, size, made).save(out, "PNG", compress_level=0)
    return out.getvalue()


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "lime", "blue")]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=50, loop=0)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def claims(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG whose header promises so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body or zlib.compress(b"")) + chunk(b"IEND", b"")
    )


SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><circle r="4"/></svg>'
PHP_IN_TEXT = picture().replace(b"IEND", b"IEND") + SCRIPT
WITH_TEXT = picture()[:33] + chunk(b"tEXt", b"Comment\0" + SCRIPT) + picture()[33:]
BOMB_IN_TEXT = picture()[:33] + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * 80_000_000)) + picture()[33:]

REFUSED = {
    "empty": b"",
    "svg": SVG,
    "svg behind a declaration": b'<?xml version="1.0"?>' + SVG,
    "html": b"<!doctype html><html>" + SCRIPT,
    "html that begins like a gif": b"GIF89a/*" + SCRIPT,
    "the signature alone": b"\x89PNG\r\n\x1a\n",
    "truncated png": picture(size=(300, 300))[:-200],
    "truncated jpeg": noise((64, 64))[:3000],
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "ico": picture("ICO"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(%pipe%id) (r) file\n",
    "pdf": b"%PDF-1.7\n1 0 obj\n",
    "path in the content": b"../../../../etc/passwd",
    "mvg": b"push graphic-context\nimage over 0,0 0,0 'https://evil.example/x.png'\npop graphic-context",
    "dimensions that are huge": claims(60_000, 60_000),
    "dimensions that are too large": claims(4000, 4000),
    "one long line": claims(2_000_000_000, 1),
    "no width": claims(0, 10),
    "text that unpacks without end": BOMB_IN_TEXT,
    "more bytes than there may be": picture() + b"\0" * pictures.LONGEST_UPLOAD,
}
TAKEN = {
    "png": picture(),
    "png with transparency": picture(mode="RGBA", colour=(0, 128, 128, 90)),
    "png with a palette": picture(mode="P", colour=3),
    "png with a script in its text": WITH_TEXT,
    "png with a script behind its end": PHP_IN_TEXT,
    "jpeg": picture("JPEG"),
    "jpeg in the colours of print": picture("JPEG", mode="CMYK", colour=(1, 2, 3, 4)),
    "jpeg with a script in its comment": picture("JPEG", comment=SCRIPT),
    "webp": picture("WEBP"),
    "gif": picture("GIF"),
    "animated gif": animated("GIF"),
    "animated webp": animated("WEBP"),
    "animated png": animated("PNG"),
    "large noise": noise((700, 700)),
    "grey": picture(mode="L", colour=90),
    "one pixel": picture(size=(1, 1)),
    "a line": picture(size=(5000, 2)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_t12_what_is_no_picture_is_refused(name):
    with pytest.raises(Invalid) as refused:
        pictures.draw(REFUSED[name])
    assert refused.value.field == "picture"


@pytest.mark.parametrize("name", TAKEN)
def test_t12_what_is_kept_is_a_png_of_our_own(name):
    drawn = pictures.draw(TAKEN[name])

    assert drawn.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(drawn.content) <= 256 * 1024
    assert max(drawn.width, drawn.height) <= 512
    assert b"script" not in drawn.content
    with Image.open(io.BytesIO(drawn.content)) as shown:
        assert shown.size == (drawn.width, drawn.height)
        assert getattr(shown, "n_frames", 1) == 1
        assert set(shown.info) <= {"transparency"}
        chunks = {drawn.content[i : i + 4] for i in range(len(drawn.content))} & {
            b"tEXt",
            b"zTXt",
            b"iTXt",
            b"eXIf",
            b"iCCP",
            b"acTL",
        }
    assert chunks == set()


def test_what_it_shows_stays():
    with Image.open(io.BytesIO(pictures.draw(picture(colour="#14665a")).content)) as shown:
        assert shown.getpixel((5, 5))[:3] == (0x14, 0x66, 0x5A)
    with Image.open(io.BytesIO(pictures.draw(animated("GIF")).content)) as shown:
        assert shown.convert("RGB").getpixel((5, 5)) == (255, 0, 0), "the first frame"
    turned = Image.Exif()
    turned[0x0112] = 6
    upright = pictures.draw(picture("JPEG", size=(60, 20), exif=turned.tobytes()))
    assert (upright.width, upright.height) == (20, 60), "as a telephone held upright meant it"


@pytest.fixture
def acme(an_organization, a_site):
    an_organization()
    return a_site()


def stored(work):
    work.tx.session.flush()
    return work.tx.session.query(Picture).all()


def test_a_new_logo_has_a_new_name_and_the_former_one_is_gone(work, acme, an_application):
    wiki = an_application(acme)
    pictures.set_of_application(work, wiki.id, pictures.draw(picture()))
    [first] = stored(work)
    pictures.set_of_application(work, wiki.id, pictures.draw(picture(colour="red")))
    [second] = stored(work)

    assert wiki.picture_id == second.id != first.id
    assert pictures.content(work, second.id) == second.content
    assert pictures.content(work, first.id) is None
    pictures.set_of_application(work, wiki.id, None)
    assert (stored(work), wiki.picture_id) == ([], None)


def test_the_logo_of_a_site_and_of_an_application_are_apart(work, acme, an_application):
    wiki = an_application(acme)
    drawn = pictures.draw(picture())
    pictures.set_of_application(work, wiki.id, drawn)
    pictures.set_of_site(work, "acme", drawn)

    assert wiki.picture_id != acme.picture_id
    pictures.set_of_site(work, "acme", None)
    assert [one.id for one in stored(work)] == [wiki.picture_id]


@pytest.mark.parametrize("name", ["", "pic_", "pic_../../x", "pic_' or 1=1", "app_x", "pic_\0"])
def test_t12_a_name_that_we_did_not_make_is_not_looked_up(work, acme, name):
    assert pictures.content(work, name) is None


def test_who_may_not_edit_gives_no_logo(work, acme, an_application, as_account, an_account, stranger):
    wiki, drawn = an_application(acme), pictures.draw(picture())
    theirs = as_account(work, an_account(), "auditor")

    with pytest.raises(Forbidden):
        pictures.set_of_application(theirs, wiki.id, drawn)
    with pytest.raises(Forbidden):
        pictures.set_of_site(theirs, "acme", drawn)
    with pytest.raises(NotFound):
        pictures.set_of_application(stranger(work), wiki.id, drawn)
    with pytest.raises(NotFound):
        pictures.set_of_site(stranger(work), "acme", drawn)
    with pytest.raises(Conflict):
        pictures.set_of_site(work, "acme", drawn, if_version=acme.version + 1)
    assert stored(work) == []
