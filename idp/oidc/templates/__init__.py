"""
Application templates for OpenID Connect: what applications of real vendors want, as data files beside this one.

A file is read when its template is first asked for; nothing of it is imported at start-up or on a sign-on
(`idp.oidc.from_template` and the console ask).
"""

from idp.base.template_folder import TemplateFolder
from idp.oidc.templates.reading import template

FOLDER = TemplateFolder(__name__, template)
names, every, find = FOLDER.names, FOLDER.every, FOLDER.find
