"""
Logos of sites and applications, as our own pages show them.

Nothing that was uploaded is ever served: it is decoded, and what it shows is written anew as a small PNG under a
random name (threats T12).
"""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps
from sqlalchemy import bindparam, delete, select

from idp.audit.events import ApplicationPictureChanged, SitePictureChanged
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Invalid
from idp.base.ids import is_id, new_id
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.directory.launcher_models import Picture
from idp.directory.models import Application, Site
from idp.directory.rights import require_on
from idp.policy.permissions import Permission

LONGEST_UPLOAD = 2 * 1024 * 1024
MOST_PIXELS = 8_000_000
LONGEST_SIDE = 512
LARGEST = 256 * 1024
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_SIDES = (LONGEST_SIDE, 384, 256, 128)
"""One of 128 pixels a side always fits: uncompressed it has 64 KiB."""

Image.MAX_IMAGE_PIXELS = MOST_PIXELS  # read from the header: nothing is decoded of a picture that is twice as large

_BY_ID = Prepared(select(Picture.content).where(Picture.id == bindparam("id")))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A PNG of our own making."""

    content: bytes
    width: int
    height: int


def draw(uploaded: bytes) -> Drawn:
    """
    Return what a picture (PNG, JPEG, WebP or GIF; its first frame) shows, as a PNG of our own: at most 512 pixels a side.

    It takes a tenth of a second: do it while no transaction is open.

    Raises:
        Invalid: it is none of these, it is damaged, or it is too large.
    """
    if len(uploaded) > LONGEST_UPLOAD:
        raise Invalid("The picture is larger than 2 MB.", field="picture", advice="Save it smaller.")
    try:
        shown = _decoded(uploaded)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except Exception as error:  # decoders raise whatever they stumble upon, from ZeroDivisionError to struct.error
        raise Invalid(
            "This is no picture that can be used.",
            field="picture",
            advice="Use a PNG, JPEG, WebP or GIF file.",
            cause=phrase("%(name)s while decoding", name=type(error).__name__),
        ) from error
    if shown is None:
        raise _too_large()
    return next(made for side in _SIDES if len((made := _written(shown, side)).content) <= LARGEST)


def _decoded(uploaded: bytes) -> Image.Image | None:
    """Return the first frame, made small and upright; None: it has too many pixels to be decoded."""
    with Image.open(BytesIO(uploaded), formats=_FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            return None
        shown = ImageOps.exif_transpose(opened).convert("RGBA")
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        return shown


def _written(shown: Image.Image, side: int) -> Drawn:
    clean = Image.new("RGBA", shown.size)  # no text, profile or other chunk of the upload comes along
    clean.paste(shown)
    clean.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = BytesIO()
    clean.save(out, "PNG", optimize=True)
    return Drawn(out.getvalue(), clean.width, clean.height)


def _too_large() -> Invalid:
    return Invalid(
        phrase("The picture has more than %(value)s million pixels.", value=MOST_PIXELS // 1000000),
        field="picture",
        advice="Save it smaller.",
    )


def set_of_application(
    work: Work, application_id: str, drawn: Drawn | None, *, if_version: int | None = None
) -> Application:
    """
    Give an application its logo; None takes it away.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit it.
        ChangedMeanwhile: somebody else has changed the application since.
    """
    found = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, found)
    if _replace(work, found, drawn, if_version):
        record(
            work,
            ApplicationPictureChanged(
                organization_id=found.organization_id, target_id=found.id, name=found.name, present=drawn is not None
            ),
        )
    return found


def set_of_site(work: Work, slug: str, drawn: Drawn | None, *, if_version: int | None = None) -> Site:
    """
    Give a site its logo, as its pages show it; None takes it away.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not edit it.
        ChangedMeanwhile: somebody else has changed the site since.
    """
    found = queries.site(work, slug)
    require_on(work, Permission.SITE_EDIT, found)
    if _replace(work, found, drawn, if_version):
        record(
            work,
            SitePictureChanged(
                organization_id=found.organization_id, target_id=found.id, slug=found.slug, present=drawn is not None
            ),
        )
    return found


def _replace(work: Work, of: Site | Application, drawn: Drawn | None, if_version: int | None) -> bool:
    if if_version is not None and if_version != of.version:
        raise ChangedMeanwhile(of.id)
    if drawn is None and of.picture_id is None:
        return False
    if of.picture_id is not None:
        query = delete(Picture).where(Picture.organization_id == of.organization_id, Picture.id == of.picture_id)
        work.tx.session.execute(query)
    of.picture_id = None if drawn is None else _add(work, of.organization_id, drawn)
    work.tx.session.flush()
    work.tx.after_commit(work.tx.memory.forget)
    return True


def _add(work: Work, organization_id: str, drawn: Drawn) -> str:
    """Store a picture under a new name: what browsers have kept under the former one stays what it was."""
    made = Picture(
        organization_id=organization_id,
        id=new_id("pic"),
        content=drawn.content,
        width=drawn.width,
        height=drawn.height,
        created_at=work.now,
    )
    work.tx.session.add(made)
    return made.id


def content(work: Work, picture_id: str) -> bytes | None:
    """Return the PNG of that id, whoever asks; None: there is none."""
    row = work.tx.row(_BY_ID, id=picture_id) if is_id(picture_id, "pic") else None
    return None if row is None else bytes(row.content)
