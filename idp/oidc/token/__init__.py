"""
The token endpoint (RFC 6749 section 3.2). A grant type is a file here and a line in `GRANTS`.

Whatever is the same for all of them is done by `endpoint`, so that none can forget it. A grant
type compares, decides and signs before it writes; it raises only until then.
"""

from idp.oidc.token import authorization_code, client_credentials, device_code, refresh_token

GRANTS = {
    "authorization_code": authorization_code.grant,
    "refresh_token": refresh_token.grant,
    "client_credentials": client_credentials.grant,
    "urn:ietf:params:oauth:grant-type:device_code": device_code.grant,
}
