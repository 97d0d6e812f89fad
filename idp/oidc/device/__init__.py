"""
Devices without a browser, or without a keyboard (RFC 8628).

A device asks (`asking`) and shows a short code; a person types it in elsewhere (`entering`), signs in,
looks at what asks from where, and decides (`deciding`); the device, which keeps asking at the token
endpoint, gets its tokens there (`token.device_code`).
"""
