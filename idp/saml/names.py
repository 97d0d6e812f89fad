"""The names that SAML 2.0, XML Signature and XML Encryption give to things."""

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
MDUI = "urn:oasis:names:tc:SAML:metadata:ui"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
SOAP_ENVELOPE_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
XML = "http://www.w3.org/XML/1998/namespace"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

PREFIXES = {
    "ds": DS,
    "ec": EXCLUSIVE_C14N,
    "md": MD,
    "mdui": MDUI,
    "saml": SAML,
    "samlp": SAMLP,
    "soap": SOAP_ENVELOPE_NAMESPACE,
    "xenc": XENC,
    "xenc11": XENC11,
    "xs": XS,
    "xsi": XSI,
}
"""The prefixes that our own messages use; each has one meaning everywhere."""

AUTHN_REQUEST = f"{{{SAMLP}}}AuthnRequest"
LOGOUT_REQUEST = f"{{{SAMLP}}}LogoutRequest"
LOGOUT_RESPONSE = f"{{{SAMLP}}}LogoutResponse"
MANAGE_NAME_ID_REQUEST = f"{{{SAMLP}}}ManageNameIDRequest"
SOAP_ENVELOPE = f"{{{SOAP_ENVELOPE_NAMESPACE}}}Envelope"
ENTITY_DESCRIPTOR = f"{{{MD}}}EntityDescriptor"
ENTITIES_DESCRIPTOR = f"{{{MD}}}EntitiesDescriptor"
ISSUER = f"{{{SAML}}}Issuer"
SIGNATURE = f"{{{DS}}}Signature"

# Bindings (SAML Bindings 2.0 sections 3.2, 3.4 and 3.5)
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

# Name identifier formats (SAML Core 2.0 section 8.3)
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
WINDOWS = "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName"
X509_SUBJECT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"

# Attribute name formats (SAML Core 2.0 section 8.2), by what rules of release call them
ATTRIBUTE_NAME_FORMATS = {
    "basic": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
    "uri": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
    "unspecified": "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
}
BASIC = ATTRIBUTE_NAME_FORMATS["basic"]
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

# Status codes (SAML Core 2.0 section 3.2.2.2)
_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS = _STATUS + "Success"
REQUESTER = _STATUS + "Requester"
RESPONDER = _STATUS + "Responder"
AUTHN_FAILED = _STATUS + "AuthnFailed"
INVALID_NAMEID_POLICY = _STATUS + "InvalidNameIDPolicy"
NO_AUTHN_CONTEXT = _STATUS + "NoAuthnContext"
NO_PASSIVE = _STATUS + "NoPassive"
NO_SUPPORTED_IDP = _STATUS + "NoSupportedIDP"
PARTIAL_LOGOUT = _STATUS + "PartialLogout"
REQUEST_DENIED = _STATUS + "RequestDenied"
REQUEST_UNSUPPORTED = _STATUS + "RequestUnsupported"
UNKNOWN_PRINCIPAL = _STATUS + "UnknownPrincipal"

# Algorithms (XML Signature 1.1, RFC 6931, XML Encryption 1.1); EXCLUSIVE_C14N is above, as a namespace
ENVELOPED = DS + "enveloped-signature"
SHA1 = DS + "sha1"
SHA256 = XENC + "sha256"
SHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
SHA512 = XENC + "sha512"
RSA_SHA1 = DS + "rsa-sha1"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA384 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
RSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
ECDSA_SHA384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
ECDSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"
PSS_SHA256 = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
PSS_SHA384 = "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"
PSS_SHA512 = "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"
AES128_CBC = XENC + "aes128-cbc"
AES256_CBC = XENC + "aes256-cbc"
AES128_GCM = XENC11 + "aes128-gcm"
AES192_GCM = XENC11 + "aes192-gcm"
AES256_GCM = XENC11 + "aes256-gcm"
RSA_OAEP_MGF1P = XENC + "rsa-oaep-mgf1p"
RSA_OAEP = XENC11 + "rsa-oaep"
MGF1_SHA1 = XENC11 + "mgf1sha1"
MGF1_SHA256 = XENC11 + "mgf1sha256"
MGF1_SHA384 = XENC11 + "mgf1sha384"
MGF1_SHA512 = XENC11 + "mgf1sha512"
ENCRYPTED_ELEMENT = XENC + "Element"

# Authentication contexts (SAML Authentication Context 2.0 section 3.4; REFEDS MFA Profile)
CONTEXT_CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
CONTEXT_UNSPECIFIED = CONTEXT_CLASSES + "unspecified"
PASSWORD = CONTEXT_CLASSES + "Password"
PASSWORD_PROTECTED_TRANSPORT = CONTEXT_CLASSES + "PasswordProtectedTransport"
REFEDS_MFA = "https://refeds.org/profile/mfa"
# OpenID Provider Authentication Policy Extension 1.0 section 4; what OpenID Connect calls "phr". No SAML class says it.
PHISHING_RESISTANT = "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant"
