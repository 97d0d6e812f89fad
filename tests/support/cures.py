"""
What every kind of finding says to change here, by which command, and what it says to the vendor: of each a part that is
its own. A finding without any of the three would leave whoever reads it alone with it.
"""

import re
from typing import NamedTuple

from idp.audit.findings import Finding

_APPLICATION = re.compile(r"app_[a-z0-9]{20,}")


class Cure(NamedTuple):
    """A part of what is said; empty where nothing is to be said. In the command the application's id is ``APP``."""

    here: str = ""
    command: str = ""
    vendor: str = ""


def cure_of(finding: Finding) -> Cure:
    """Return what *finding* says, in whole."""
    remedy = finding.remedy
    return Cure(*(_APPLICATION.sub("APP", str(part)) for part in (remedy.says, remedy.command, finding.vendor)))


def is_cured_by(finding: Finding, cure: Cure) -> bool:
    """Say whether *finding* says each part of *cure*, and nothing where there is to be nothing."""
    return all(bool(part) == bool(said) and part in said for part, said in zip(cure, cure_of(finding), strict=True))


CURES: dict[str, Cure] = {
    "metadata-html": Cure(
        here="Open the address in a private window: it must hand out XML without signing in.",
        vendor="Please tell us an address that hands out your SAML metadata without a sign-in.",
    ),
    "metadata-doctype": Cure(vendor="Please send your metadata without a DOCTYPE declaration."),
    "metadata-unreadable": Cure(
        here="Give the file that the application hands out, as it is.",
        vendor="Your metadata cannot be read as XML. Please send the SAML 2.0 metadata of your",
    ),
    "metadata-of-idp": Cure(
        here="Look for “service provider metadata”, “SP metadata” or “relying party” in the",
        vendor="You have sent the metadata of an identity provider. Please send the SAML 2.0",
    ),
    "metadata-ours": Cure(
        here="Give the file that the application hands out, as it is.",
        vendor="Our metadata is at http://localhost:8000/sites/acme/saml/metadata. Please send the",
    ),
    "metadata-aggregate": Cure(here="Give the one EntityDescriptor of the application alone, as a file of its own."),
    "metadata-wrong-document": Cure(
        vendor="What you have sent describes no entity. Please send the SAML 2.0 metadata of your"
    ),
    "metadata-other-protocol": Cure(
        vendor="Your metadata says that you do not speak SAML 2.0. Please send the SAML 2.0 metadata"
    ),
    "metadata-not-understood": Cure(
        vendor="Your metadata is not valid: A date in it (validUntil) cannot be read. Please send"
    ),
    "entity-id-unusable": Cure(vendor="Please set an entity ID without blanks, best the address of your metadata."),
    "entity-id-almost": Cure(
        here="If its requests have that Issuer, delete the former one and register it under",
        command="idp application create-saml --site acme --metadata FILE",
        vendor="Please use one entity ID everywhere; we have registered",
    ),
    "entity-id-other": Cure(
        here="Choose the application that this metadata belongs to; if it is none yet, register",
        command="idp application create-saml --site acme --metadata FILE",
    ),
    "entity-id-duplicate": Cure(
        here="That is right where one application serves several sites; else delete what is not",
        vendor="Please send your requests to http://localhost:8000/sites/acme/saml/sso.",
    ),
    "metadata-expired": Cure(
        here="Get the metadata of today and check it here; once it is good, take it over.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Your SAML metadata runs out: please send us what is valid today, or tell us its",
    ),
    "metadata-expires-soon": Cure(
        vendor="Your SAML metadata runs out: please send us what is valid today, or tell us its"
    ),
    "metadata-stale": Cure(
        here="Look at the metadata of today: it shows what has changed. Or let it be fetched again",
        command="idp application saml check APP --metadata FILE; idp application saml set APP --metadata-url URL",
    ),
    "registration-expired": Cure(
        here="Fetch it now. Where its publisher is slow and you answer for it yourself, say until",
        command="idp application saml refresh APP; idp application saml set APP --valid-until DAY",
        vendor="Your SAML metadata has expired: please publish it with a validUntil in the future.",
    ),
    "metadata-unreachable": Cure(
        here="Open it from this machine: a firewall, a changed address, or a private address that",
        vendor="Is https://library.example/Shibboleth.sso/Metadata still the address of your SAML",
    ),
    "metadata-change-waits": Cure(
        here="Ask the vendor to confirm it by another way. Look at it, then take it over or",
        command="idp application saml refresh APP (--show; then --apply or --discard)",
        vendor="Your metadata has changed: a new address. Is that yours?",
    ),
    "metadata-refresh-failed": Cure(
        here="Ask again: that says what is wrong.",
        command="idp application saml refresh APP",
        vendor="Is https://library.example/Shibboleth.sso/Metadata still the address of your SAML",
    ),
    "metadata-refresh-overdue": Cure(
        here="Ask it now. If that helps, see why no jobs run.",
        command="idp application saml refresh APP; idp jobs list",
    ),
    "metadata-unproven": Cure(
        here="Ask the publisher which certificate it signs with, and pin that one.",
        command="idp application saml set APP --metadata-key FILE",
        vendor="With which certificate do you sign your metadata?",
    ),
    "metadata-key-missing": Cure(
        here="If the vendor signs its metadata, pin the certificate that it signs with.",
        command="idp application saml set APP --metadata-key FILE",
    ),
    "address-http": Cure(
        here="Nothing: it cannot be allowed here.",
        vendor="Please use https in your metadata: http://acme.okta.example/sso/saml2/0oa1.",
    ),
    "address-unusable": Cure(vendor="Please correct an address in your metadata. “javascript:alert(1)” is no https"),
    "registered-address-unusable": Cure(
        here="Take over metadata that has the right address, or correct it by hand.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Please send us your metadata of today: an address that we have of you cannot be",
    ),
    "acs-none-by-post": Cure(
        vendor="Please name an AssertionConsumerService with the binding HTTP-POST in your metadata."
    ),
    "acs-index-repeated": Cure(vendor="Please give each AssertionConsumerService an index of its own; 1 comes twice."),
    "acs-changed": Cure(
        here="Once the vendor has confirmed that it is theirs, take over the metadata that has it.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
    ),
    "acs-not-registered": Cure(
        here="Once the vendor has confirmed that it is theirs, take over the metadata that has it.",
        command="idp application saml set APP --metadata FILE",
        vendor="Please ask for the answer at https://library.example/Shibboleth.sso/SAML2/POST, or send",
    ),
    "acs-index-unknown": Cure(
        here="Once the vendor has confirmed that it is theirs, take over the metadata that has it.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Please send the metadata in which an AssertionConsumerService has the index 9.",
    ),
    "acs-index-and-address": Cure(
        vendor="Please send either AssertionConsumerServiceIndex or AssertionConsumerServiceURL, not"
    ),
    "binding-unsupported": Cure(
        vendor="Please send ProtocolBinding=urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST, or leave"
    ),
    "certificate-unreadable": Cure(vendor="A certificate in your metadata is damaged: please send the metadata anew."),
    "key-weak": Cure(vendor="Please use a certificate with an RSA key of at least 2048 bits (3072 is better)."),
    "certificate-expired": Cure(
        vendor="Your certificate ran out on 2029-12-22: please send the metadata with the one that"
    ),
    "certificate-expires-soon": Cure(
        vendor="Your certificate runs out on 2030-01-08: please send the next one before you use it."
    ),
    "certificate-not-yet-valid": Cure(
        here="Keep the present certificate registered beside it until the vendor signs with the",
        vendor="Your certificate is valid from 2030-02-01 on: from when do you use it? Please keep",
    ),
    "certificate-different": Cure(
        here="Ask the vendor to confirm the new thumbprint by another way, then take it over.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Please confirm that you now use the certificate",
    ),
    "certificate-added": Cure(
        here="Ask the vendor to confirm the new thumbprint by another way, then take it over.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Please confirm that the certificate",
    ),
    "signing-certificate-missing": Cure(
        here="Take over metadata that has the signing certificate.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Please send metadata with your signing certificate (KeyDescriptor use=signing).",
    ),
    "assertion-not-signed": Cure(here="Switch it on."),
    "signed-requests-not-required": Cure(here="Require signed requests."),
    "signed-requests-required": Cure(vendor="Please confirm that you sign every AuthnRequest."),
    "logout-not-signed": Cure(vendor="Please switch on the signing of LogoutRequests (RSA-SHA256)."),
    "signature-missing": Cure(
        here="Stop requiring it, if the vendor cannot sign.",
        vendor="Please switch on the signing of AuthnRequests (RSA-SHA256).",
    ),
    "signature-unexpected": Cure(
        here="Take over metadata that has the certificate.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Please send metadata with your signing certificate, or stop signing your requests.",
    ),
    "signature-unknown-key": Cure(
        here="Ask the vendor to confirm the thumbprint by another way, then take it over.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Did you change your certificate? Your requests are signed with",
    ),
    "signature-broken": Cure(
        here="If the request was copied or formatted by hand, this says nothing: take it as it was",
        vendor="Please send the request exactly as it was signed: nothing may be reformatted after",
    ),
    "signature-encoding": Cure(
        here="If the request was copied from a browser, that may have rewritten it: take it from",
        vendor="Please sign the query exactly as you send it (SAML Bindings 2.0 section 3.4.4.1).",
    ),
    "signature-unverified": Cure(
        here="Check the vendor's metadata of today: it shows a changed certificate.",
        command="idp application saml check APP --metadata FILE (or --url)",
        vendor="Please tell us the SHA-256 thumbprint of the certificate that you sign requests",
    ),
    "signature-algorithm": Cure(
        here="Until the vendor is done, rsa-sha1 can be allowed to this application until a day.",
        command="idp application saml set APP --legacy rsa-sha1 --legacy-until DAY",
        vendor="Please sign with http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 and digest with",
    ),
    "signature-shape": Cure(vendor="Please sign the AuthnRequest as a whole: one enveloped signature, exclusive"),
    "legacy-allowed": Cure(
        here="Take it away as soon as the vendor is done.",
        command="idp application saml set APP --no-legacy",
        vendor="By when do you sign with RSA-SHA256 and encrypt with AES-GCM?",
    ),
    "legacy-ended": Cure(
        here="If nothing is missing, take it away.", command="idp application saml set APP --no-legacy"
    ),
    "our-key-pinned": Cure(
        here="If it knows the active certificate, switch it.",
        command="idp application saml rollover APP (it shows where it stands; --switch)",
    ),
    "our-key-change-waits": Cure(
        here="See where it stands, hand over the new certificate, then confirm, and switch.",
        command="idp application saml rollover APP (--certificate, --confirm, --switch)",
        vendor="We change our signing certificate: please read our metadata again, or put in the",
    ),
    "our-certificate-by-hand": Cure(
        here="If it can read our metadata at an address, give it that address, and say here that",
        command="idp application saml vendor-values APP; idp application saml set APP --certificate-by-metadata",
    ),
    "encryption-legacy": Cure(
        here="Leave encryption off for this application until then. Until the vendor is done,",
        command="idp application saml set APP --legacy aes256-cbc --legacy-until DAY",
        vendor="Please name aes256-gcm (or aes128-gcm) and rsa-oaep-mgf1p as EncryptionMethod, or",
    ),
    "encryption-impossible": Cure(
        here="Take over metadata that has an RSA certificate for encryption.",
        command="idp application saml set APP --metadata FILE (first with --dry-run: it says what would change)",
        vendor="Please send metadata with an RSA certificate for encryption, and aes256-gcm with",
    ),
    "encryption-unused": Cure(here="Switch it on where assertions hold what the browser should not show."),
    "nameid-not-given": Cure(vendor="Please leave out the Format of NameIDPolicy, or ask for one of:"),
    "nameid-format-missing": Cure(
        here="If it expects the e-mail address, choose that as its NameID format.",
        command="idp application saml set APP --nameid-format urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        vendor="Which NameID format do you expect, and what do you recognise a person by?",
    ),
    "nameid-format-unknown": Cure(
        vendor="Can you work with one of these NameID formats: persistent, transient, emailAddress,"
    ),
    "nameid-contradicts": Cure(
        here="Configure what the application asks for, or ask the vendor to ask for what is",
        vendor="Please ask for the NameID format",
    ),
    "nameid-not-in-metadata": Cure(here="Leave it to the metadata, unless the vendor says otherwise."),
    "nameid-attribute-withheld": Cure(
        here="Release “email” to it, beside those that it has.", command="idp application release APP --attribute email"
    ),
    "nameid-attribute-empty": Cure(
        here="Give the account a value of “login”, or let names be made of something that",
        command="idp account set ann@acme.example --attribute login=VALUE; idp application saml set APP",
    ),
    "nameid-not-made": Cure(
        here="See what would be sent of the person, or let names be made of something else.",
        command="idp application saml preview APP; idp application saml set APP --name-id-source EXPR",
    ),
    "nameid-create-forbidden": Cure(
        vendor="Please send AllowCreate=true in NameIDPolicy, so that people can come for the first"
    ),
    "nameid-of-another": Cure(vendor="Please leave out SPNameQualifier, or send your own entity ID in it."),
    "subject-unsupported": Cure(vendor="Please leave out the Subject of the AuthnRequest."),
    "attribute-withheld": Cure(here="Release “email”, if the application may know it."),
    "attribute-other-name": Cure(
        here="Look at what would be sent, then let it be sent so: it takes the place of the",
        command="idp application saml release-requested APP (first with --dry-run)",
    ),
    "attribute-unknown": Cure(
        here="Nothing, if the application works without it; else make it of what accounts have.",
        command="idp application rules set APP --attribute employeeNumber=SOURCE",
        vendor="Do you need the attribute employeeNumber, and what is to be in it?",
    ),
    "rule-sends-nothing": Cure(
        here="Let the attribute leave, if the application may know it, or change the rule.",
        command="idp application rules show APP",
    ),
    "logout-address-missing": Cure(
        vendor="Please name a SingleLogoutService (HTTP-Redirect, HTTP-POST or SOAP) in your"
    ),
    "logout-binding-unsupported": Cure(
        vendor="Please name a SingleLogoutService by HTTP-Redirect, HTTP-POST or SOAP beside the one"
    ),
    "logout-certificate-missing": Cure(
        vendor="Please send metadata with your signing certificate, or with a SingleLogoutService by"
    ),
    "logout-unknown-session": Cure(
        vendor="Please send NameID and SessionIndex in a LogoutRequest exactly as they came in the"
    ),
    "logout-name-encrypted": Cure(
        vendor="Please send the NameID of a LogoutRequest unencrypted; sign the request instead."
    ),
    "application-disabled": Cure(
        here="Enable it, if it was not disabled on purpose.", command="idp application enable APP"
    ),
    "access-nobody": Cure(
        here="Ask one of these to give access: ann@acme.example. Or give it yourself.",
        command="idp application grant APP (--everyone or --group NAME)",
    ),
    "access-missing": Cure(
        here="Ask one of these to give access: ann@acme.example. Or give it yourself.",
        command="idp application grant APP --account ben@acme.example",
    ),
    "access-rule-denied": Cure(
        here="If it is right, nothing has to be changed; if not, write an exception for the person,",
        command="--organization acme --version 2; idp policy explain --account ",
    ),
    "step-not-possible": Cure(
        here="See what is asked for and which ways to sign in the authentication policy allows:",
        command="idp policy explain --account ann@acme.example --application APP --organization acme --ip 127.0.0.1",
        vendor="Please ask for no more than a password (leave RequestedAuthnContext out), if that is",
    ),
    "message-not-base64": Cure(vendor="Please encode the message in base64 and escape it once (“+” becomes %2B)."),
    "message-not-deflated": Cure(
        vendor="Please deflate the message without a head (raw DEFLATE, RFC 1951), then encode it in"
    ),
    "message-deflated-post": Cure(
        vendor="Please send the message of a form (HTTP-POST) in base64 without deflating it."
    ),
    "message-doctype": Cure(vendor="Please send the request without a DOCTYPE declaration."),
    "message-comment": Cure(vendor="Please send the request without comments."),
    "message-not-utf-8": Cure(vendor="Please send the request in UTF-8."),
    "message-too-large": Cure(vendor="Please leave out what a sign-on does not need, such as long Extensions."),
    "message-other": Cure(vendor="Please send AuthnRequest to our sign-on address and LogoutRequest to our logout"),
    "message-missing": Cure(vendor="Please send an AuthnRequest in the parameter SAMLRequest."),
    "message-malformed": Cure(
        vendor="Your AuthnRequest cannot be read: the message has no ID, or one that is no name."
    ),
    "message-version": Cure(vendor="Please send requests of SAML 2.0 (Version=2.0)."),
    "issuer-almost": Cure(
        here="If the vendor cannot change it, register it under ",
        command="idp application create-saml --site acme",
        vendor="Please send exactly https://library.example/shibboleth as Issuer.",
    ),
    "issuer-other": Cure(
        here="Check the application that the request comes from; if it is none yet, register it.",
        command="idp application create-saml --site acme --metadata FILE",
        vendor="Please send https://library.example/shibboleth as Issuer.",
    ),
    "issuer-unknown": Cure(
        here="Register its metadata.",
        command="idp application create-saml --site acme --metadata FILE",
        vendor="Please send us your SAML metadata.",
    ),
    "issuer-ours": Cure(vendor="Please put your own entity ID where the application asks for its own (SP entity ID),"),
    "issuer-of-other-site": Cure(
        here="If it is meant to be used at acme as well, register it there.",
        command="idp application create-saml --site acme --metadata FILE",
        vendor="Please use the sign-on address of the site where you are registered.",
    ),
    "destination-wrong": Cure(
        here="If our address has changed, tell every vendor",
        vendor="Please read our metadata anew, or set our address to http://localhost:8000/sites/acme/saml/s",
    ),
    "destination-of-other-site": Cure(
        vendor="Please read our metadata anew, or set our address to http://localhost:8000/sites/acme/saml/sso."
    ),
    "destination-missing": Cure(vendor="Please send Destination=http://localhost:8000/sites/acme/saml/sso."),
    "sent-to-other-address": Cure(vendor="Please send requests to http://localhost:8000/sites/acme/saml/sso."),
    "clock-behind": Cure(
        here="If the request was copied a while ago, this says nothing: take a fresh one.",
        vendor="by NTP: it is slow by 2 h 0 min.",
    ),
    "clock-ahead": Cure(vendor="by NTP: it is fast by 7 min 30 s."),
    "clock-drift": Cure(vendor="by NTP: it is fast by 3 min 0 s."),
    "context-unattainable": Cure(
        here="If that is the vendor's name for a password or for a second step, say so.",
        command="idp application saml set APP --context-means CLASS=second-step (it replaces the whole map)",
        vendor="Please leave RequestedAuthnContext out, or ask with Comparison=minimum for",
    ),
    "context-unmet": Cure(vendor="Please ask again without IsPassive, so that the person can be asked for the second"),
    "idp-not-named": Cure(vendor="Please name http://localhost:8000/sites/acme/saml/metadata in IDPList, or leave"),
    "force-and-passive": Cure(vendor="Please send either ForceAuthn or IsPassive, not both."),
    "passive-no-session": Cure(vendor="Please ask again without IsPassive where NoPassive comes."),
    "person-cancelled": Cure(
        here="Nothing has to be changed: the person starts again at the application. If many give",
        vendor="When our answer is AuthnFailed, please let people start the sign-in again",
    ),
    "sign-on-lost": Cure(here="The person starts again at the application; the page offers that."),
    "other-person": Cure(
        here="The person can sign out here and start again as who is meant.",
        vendor="Please leave out the Subject of the AuthnRequest, unless you mean one person.",
    ),
    "subject-unknown": Cure(
        here="If there is such a person, see under which name and address the application knows",
        command="idp account list --organization acme; idp application saml show APP",
        vendor="If you mean one person, please send the NameID in the Subject exactly as it came in",
    ),
    "subject-other-name": Cure(
        here="See which name the person would have, and what it is made of.",
        command="idp application saml preview APP --account ann@acme.example",
        vendor="If you mean one person, please send the NameID in the Subject exactly as it came in",
    ),
    "subject-other-format": Cure(
        vendor="Please ask in NameIDPolicy for the format of the NameID in the Subject, or leave the"
    ),
    "value-not-for-xml": Cure(
        here="Type the value anew, without what cannot be seen in it: of the person, or of the",
        command="idp account set ann@acme.example (--name, --attribute NAME=VALUE); idp group set NAME --name NAME;",
    ),
    "start-not-allowed": Cure(here="Allow it, if people are to open it from the launcher; else let them begin at the"),
    "relay-state-not-listed": Cure(
        here="If it is right, list it, with all that are to stay.",
        command="idp application saml set APP --relay-state VALUE",
    ),
    "relay-state-long": Cure(
        vendor="Please keep RelayState under 80 bytes: a reference to your own state instead of an"
    ),
    "relay-state-none-listed": Cure(
        here="If links are to lead deeper than the first page, list the RelayState of each; else",
        command="idp application saml set APP --relay-state VALUE",
        vendor="Which values of RelayState do you take when a sign-on starts from our side, and",
    ),
    "request-replayed": Cure(here="Start again at the application; bookmark its own address, not ours."),
}
"""By the slug of the kind."""

OF_ATTEMPTS: dict[str, Cure] = {
    "late": CURES["clock-behind"]._replace(vendor="by NTP: it is slow by 20 min 0 s."),
    "early": CURES["clock-ahead"]._replace(vendor="by NTP: it is fast by 20 min 0 s."),
    "late logout": Cure(vendor="Please set the clock of your server by NTP."),
    "again": CURES["request-replayed"]._replace(vendor="please make a new ID for every AuthnRequest"),
    "a rule for a second step that nobody can have": CURES["step-not-possible"]._replace(vendor=""),
}
"""By the case of `refused_attempts`, where an attempt tells more or less than the kind has elsewhere."""
