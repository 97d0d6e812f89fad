"""
Every address that anybody may open, and what it is about.

``nothing``: it is about nobody. ``organization``, ``site``, ``picture``: it names one, and says what everybody may know
of it. ``sign-on``, ``logout``, ``device``: a handle that a browser was given. ``link``: a token from a mail, put away.
``mailed``: what was put away is looked at.
"""

_NAMES = """
nothing: GET health.live health.ready static assets.favicon assets.robots
nothing: GET device.ask device.done account_email.done join.index launcher.organization not_me.done recover.ask recover.done
nothing: GET recover.sent signout.ask signout.done signout.going_on
nothing: POST device.enter languages.choose launcher.choose_organization recover.mail signout.end
organization: GET join.ask join.sent
organization: POST join.send
site: GET assets.accent
site: POST oidc_logout.logout_confirmed
picture: GET assets.picture
logout: GET signout.steps
device: GET device.confirm device.confirm_again
device: POST device.allow device.deny
link: GET account_email.link join.link not_me.link recover.link
mailed: GET account_email.confirm join.confirm not_me.ask recover.new_password
mailed: POST account_email.confirmed join.confirmed not_me.end recover.set_password recover.score
sign-on: GET signin.dispatch signin.begin_again signin.authenticator signin.authenticator_code signin.email_code
sign-on: GET signin.begin_enrolling_authenticator signin.begin_enrolling_passkey signin.new_password_again
sign-on: GET signin.passkey signin.recover signin.recover_sent signin.recovery signin.recovery_codes
sign-on: GET signin.recovery_codes_file signin_later.begin_again signin_pass.ask
sign-on: POST signin.cancel signin.code signin.consent signin.enrol signin.enrol_passkey signin.new_password
sign-on: POST signin.new_password_score signin.passkey_options signin.password signin.recover_mail
sign-on: POST signin.recovery_codes_kept signin.restart signin.send_email_code signin.use_email_code
sign-on: POST signin.use_passkey signin.use_recovery signin_later.later signin_pass.use signin_pass.use_second
"""
TABLE: dict[tuple[str, str], str] = {
    (method, endpoint): about
    for line in _NAMES.strip().splitlines()
    for about, _, names in [line.partition(": ")]
    for method, *endpoints in [names.split()]
    for endpoint in endpoints
}
