"""SCIM 2.0 (RFC 7643, RFC 7644): its words, filters and changes. What they do to accounts and groups is a floor's below."""
