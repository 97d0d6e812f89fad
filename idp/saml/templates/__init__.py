"""
Application templates: what the applications of real vendors want, as data files beside this one.

A file is read when its template is first asked for; nothing of it is imported at start-up or on a
sign-on (`idp.saml.from_template` and the command line ask).
"""

from idp.base.template_folder import TemplateFolder
from idp.saml.templates.reading import template

FOLDER = TemplateFolder(__name__, template)
names, every, find = FOLDER.names, FOLDER.every, FOLDER.find
