"""
Two small applications that people sign in to through Ostiary: one by SAML, one by OpenID Connect.

They are a site's built-in test applications. They speak to Ostiary over the protocols only, as
any application would, and import nothing of it but its stylesheet's file.
"""
