"""With which of our keys the application is answered, and how it gets our certificate (a rollover; X14)."""

from idp.audit.findings import Kind, Place, Severity, remedy
from idp.base.texts import joined, phrase
from idp.saml.doctor.subjects import Findings, Registration

PINNED = Kind(
    "our-key-pinned",
    Severity.WARNING,
    "an application that is bound to another key of ours than the active one",
    "It is answered with that key until somebody switches it. The key cannot be retired for as long.",
)
WAITS = Kind(
    "our-key-change-waits",
    Severity.WARNING,
    "a change of our key that waits for this application",
    "Our next certificate is published. Whoever does not know it when the former key goes cannot sign on any more.",
)
BY_HAND = Kind(
    "our-certificate-by-hand",
    Severity.NOTE,
    "our certificate is kept by hand at the application",
    "It does not read our metadata: at every change of our key somebody has to put the new certificate there.",
)
KINDS = (PINNED, WAITS, BY_HAND)


def check_registration(registration: Registration) -> Findings:
    """Is it where the others are?"""
    registered, ours = registration.registered, registration.registered.our_key
    app, command = registered.application_id, "idp application saml rollover APP"
    if ours.pinned:
        yield PINNED.found(
            joined(
                [phrase("it is answered with %(pinned)s", pinned=ours.pinned), *filter(None, [ours.standing])], "; "
            ),
            here=remedy(
                phrase("If it knows the active certificate, switch it."),
                f"{command} (it shows where it stands; --switch)",
                Place.SAML,
                app,
            ),
        )
    elif ours.to_be_done:
        yield WAITS.found(
            ours.standing,
            here=remedy(
                phrase("See where it stands, hand over the new certificate, then confirm, and switch."),
                f"{command} (--certificate, --confirm, --switch)",
                Place.SAML,
                app,
            ),
            vendor="We change our signing certificate: please read our metadata again, or put in the certificate that we "
            "send you, beside the former one.",
        )
    if ours.by_hand and not ours.to_be_done:
        yield BY_HAND.found(
            "it is said to have our certificate put in by hand",
            here=remedy(
                phrase(
                    "If it can read our metadata at an address, give it that address, and say here that it reads it."
                ),
                "idp application saml vendor-values APP; idp application saml set APP --certificate-by-metadata",
                Place.VENDOR,
                app,
            ),
        )
