"""
What is checked of a request, read from top to bottom. One clause each; a check returns nothing.

`CHECKS` are of every request, whoever sent it, before anybody may be answered: a refusal is a page.
`BY_BROWSER` are of what a browser carries, `BY_SOAP` of what came by SOAP, about sessions and names.
`WISHES` are of what an AuthnRequest asks for; a refusal is a status for the one who asked.
`scoping.check` comes before those: it asks whether it is we who are asked.
"""

from idp.saml.checks import destination, freshness, name_id_policy, signed, subject, version

CHECKS = (version.check, signed.check, destination.check, freshness.check)
BY_BROWSER = CHECKS
BY_SOAP = (version.check, signed.check, destination.check_if_there, freshness.check)
WISHES = (name_id_policy.check, subject.check)
