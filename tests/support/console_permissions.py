"""
What each address of the console asks for, as it was reviewed: a permission, and where it has to be held (threats T10).

A page that only shows what its reader may see (a list, the home page, a form whose verb decides) is `ANYBODY`'s who
administers something. An address that is not here fails the matrix: whoever adds one says what it asks for.
"""

from dataclasses import dataclass

from idp.policy.permissions import Permission

ORGANIZATION, SITE, ANYWHERE, ANY_SITE = "organization", "site", "anywhere", "any site"
"""Where: in Acme, at its site `acme`, somewhere, at some site; else the name of an application at `acme`."""


ROLES = {
    "organization administrator": ("organization-administrator", {}),
    "security administrator": ("security-administrator", {}),
    "user access administrator": ("user-access-administrator", {}),
    "user access administrator of the site": ("user-access-administrator", {"site": "acme"}),
    "user access administrator of Okta": ("user-access-administrator", {"application": "okta"}),
    "help desk": ("help-desk", {}),
    "auditor": ("auditor", {}),
    "site administrator of the site": ("site-administrator", {"site": "acme"}),
    "site administrator of another site": ("site-administrator", {"site": "europe"}),
    "application administrator of Okta": ("application-administrator", {"application": "okta"}),
    "application administrator of another application": ("application-administrator", {"application": "wiki"}),
    "user access administrator of another site": ("user-access-administrator", {"site": "europe"}),
}
"""The twelve roles of the matrices: each role, and where it is held."""


@dataclass(frozen=True)
class Needs:
    """One of *permissions*, each of *also*, held at *place*."""

    permissions: frozenset[Permission]
    place: str
    also: frozenset[Permission] = frozenset()


ANYBODY = Needs(frozenset(), ANYWHERE)


def _read(text: str) -> dict[tuple[str, str], Needs]:
    found: dict[tuple[str, str], Needs] = {}
    needs = ANYBODY
    for line in filter(None, (line.split("#")[0].rstrip() for line in text.splitlines())):
        if not line.startswith(" "):
            needs = _needs(line.rstrip(":"))
            continue
        method, blueprint, *views = line.split()
        for view in views:
            assert (method, f"{blueprint}.{view}") not in found, line
            found[method, f"{blueprint}.{view}"] = needs
    return found


def _needs(said: str) -> Needs:
    if said == "anybody":
        return ANYBODY
    one_of, _, place = said.partition(" at ")
    first, *also = one_of.split(" and ")
    return Needs(
        frozenset(Permission(name) for name in first.split(" or ")), place, frozenset(Permission(name) for name in also)
    )


TABLE = _read("""
anybody:
    GET console_apis index as_csv
    GET console_bookmarks as_csv
    GET console_bulk_objects ask choose
    POST console_bulk_objects start    # names nothing: what it does is of the objects
    GET console_imports as_csv
    GET console_invitations as_csv
    GET console_keys as_csv
    GET console_layouts as_csv
    GET console_provisioning_targets index as_csv
    GET console_requests as_csv
    GET console_roles every_as_csv
    GET console_runs as_csv
    GET console_sites as_csv
    GET console_tokens ask
    GET console home
    GET console_access new
    GET console_accounts index
    GET console_applications index export
    GET console_bookmarks index new
    GET console_bulk ask choose
    GET console_domains add
    GET console_groups index new
    GET console_imports index
    GET console_invitations index new
    GET console_joining index
    GET console_keys index
    GET console_layouts index new
    GET console_policies new
    GET console_requests index
    GET console_roles index every as_csv give new confirm of_account
    GET console_runs index
    GET console_search index
    GET console_sites index new
    GET console_what_if index
    GET console_zones new

organization:read at organization:
    GET console_layouts show past preview
    GET console_organization index
organization:edit at organization:
    GET console_layouts ask_to_delete
    POST console_layouts create change counts delete order
    POST console_organization save
    POST console_runs stop

account:read at organization:
    GET console_accounts show edit past
    GET console_access_paths account account_as_csv
    GET console_account_actions offered ask
account:edit at organization:
    POST console_accounts save
account:disable at organization:
    POST console_bulk start
account:export at organization:
    GET console_account_actions export
account:credentials and audit:read at organization:    # the token is Ben's, who reads the log (D17)
    POST console_tokens revoke
api:read or account:credentials at any site:
    GET console_tokens index as_csv of_account
provisioning:read at organization:
    GET console_provisioning index show accounts as_csv accounts_as_csv groups_as_csv ask ask_for_token ask_to_revoke calls_as_csv edit groups latest past
provisioning:manage at organization:
    GET console_provisioning new ask_to_hand_over
    POST console_provisioning create save act rotate revoke hand_over
account:recover or account:credentials at organization:
    POST console_account_actions do
account:create at organization:
    GET console_imports rows_as_csv
    GET console_imports show apply undo
    POST console_imports upload applied undone
    POST console_invitations act invite

group:read at organization:
    GET console_groups ask_to_unnest
    GET console_groups show edit inside opens past members_as_csv as_csv
    GET console_group_lists groups_around_as_csv groups_within_as_csv opens_as_csv
group:create at organization:
    POST console_groups create
group:edit at organization:
    GET console_groups farewell
    GET console_group_rules show preview previewed farewell
    POST console_groups save delete
    POST console_group_rules carry_out look remove run switch_off
group:members at organization:
    GET console_groups ask_to_nest
    POST console_groups nest
application:grant or group:members at okta:    # all that the group opens is the one application
    POST console_groups add remove unnest

domain:read at organization:
    GET console_domains as_csv
    GET console_joining rules_as_csv
    GET console_domains index show past
    GET console_joining rule
domain:edit at organization:
    POST console_claim_lists upload
    GET console_domains ask_claiming
    GET console_joining ask_to_delete
    POST console_joining delete_rule
    GET console_domains claim remove unclaim
    GET console_joining new_rule
    POST console_domains added check claimed removed set_claiming set_method unclaimed
    POST console_joining create_rule save_rule

request:read at organization:
    GET console_joining as_csv
    GET console_joining show
request:decide at organization:
    POST console_joining decide
request:read at ledger:
    GET console_requests show
request:decide at ledger:
    POST console_requests decide

policy:read at organization:
    GET console_access_lists as_csv applications_as_csv rules_as_csv versions_as_csv
    GET console_policies as_csv members_as_csv
    GET console_zones as_csv
    GET console_access index show applications confirming of_console past removal restoring versions
    GET console_access_rules new edit otherwise removal switching
    GET console_policies index show choosing edit members past removal
    GET console_zones index show edit removal
policy:read and audit:read at organization:
    GET console_access reported
    GET console_access_lists report_as_csv
policy:edit at organization:
    POST console_access assign assign_console confirm create delete restore roll_back
    POST console_access_rules create delete move save save_otherwise switch
    POST console_policies choose create delete move save
    POST console_zones create delete save

audit:read at organization:
    GET console_attempts as_csv
    GET console_attempts index show
    GET console_audit index show as_csv as_json
    GET console_insights index people people_csv unused_as_csv
    GET console_runs show

role:read at organization:
    GET console_who_may show
    GET console_roles show edit past ask_delete ask_withdraw
role:edit at organization:
    POST console_roles create save delete
role:grant at organization:
    POST console_roles grant withdraw

site:read at organization:
    GET console_site_protocols show
    GET console_site_tabs administrators administrators_as_csv applications applications_as_csv
    GET console_sites people_as_csv
    GET console_sites show edit rename switch past people drawn
site:create at organization:
    POST console_sites create
site:edit at site:
    POST console_sites save renamed switched logo
    POST console_site_protocols save

api:read at site:
    GET console_apis show edit made past
    GET console_api_scopes index scopes_as_csv edit clients clients_as_csv people people_as_csv
api:create at anywhere:
    GET console_apis new
api:create at site:
    POST console_apis create
api:edit at site:
    GET console_apis switch ask_for_secret
    POST console_apis save switched replace_secret
    GET console_api_scopes ask_to_remove
    POST console_api_scopes add save remove
api:grant at site:
    GET console_api_scopes ask_to_grant ask_to_withdraw
    POST console_api_scopes grant withdraw
api:delete at site:
    GET console_apis farewell
    POST console_apis delete

key:read at site:
    GET console_keys show change_as_csv certificate ask_to_rotate ask_to_move
key:rotate at site:
    POST console_keys rotate
application:edit at site:
    POST console_keys move

application:create at anywhere:
    GET console_application_adding_client ask_for_template
    GET console_application_aggregate ask
    GET console_application_adding choose ask_for_metadata ask_by_hand ask_for_template
    GET console_application_adding_client ask
application:read at site:
    GET console_registration_tokens as_csv made
application:create at site:
    GET console_registration_tokens new ask_to_revoke
    POST console_registration_tokens create revoke
    POST console_application_adding_client register_template
    POST console_application_aggregate look register
    POST console_application_adding look register register_by_hand register_template
    POST console_application_adding_client register
    POST console_bookmarks create

application:read at okta:
    GET console_application_saml_further index
    GET console_application_access as_csv
    GET console_application_provisioning index ask accounts accounts_as_csv past
    GET console_applications show name past ask_to_delete ask_to_disable
    GET console_application_access index ask_to_withdraw
    GET console_access_paths people people_as_csv ask_to_mark
    GET console_application_checks doctor preview
    GET console_application_saml index ask_for_metadata
    GET console_application_test index
    GET console_application_vendor index certificate picture
    POST console_application_checks examine
    POST console_application_test begin        # the test signs in whoever asks for it, and changes nothing
application:read at notebook:
    GET console_application_client index ask_for_secret
    GET console_application_adding_client made
application:read at bookmark:
    GET console_bookmarks openers_as_csv
    GET console_bookmarks show edit past
application:edit at okta:
    POST console_application_saml_further allow choose_encryption manage_names name_contexts say_how_long tell_about
    POST console_applications logo
    GET console_application_checks ask_to_fix
    GET console_application_provisioning ask_to_approve ask_to_disable ask_to_enable ask_to_remove look
    POST console_application_provisioning approve disable enable reconcile remove resume retry set_token set_up test
    POST console_applications rename disable enable
    POST console_application_checks fix
    POST console_application_saml add_certificates change_rules compare decide describe refresh release
    POST console_application_saml remove_certificate set_source switch take
application:edit and key:read at okta:
    POST console_application_saml roll_over
application:edit at notebook:
    POST console_application_client save replace_secret
application:edit at bookmark:
    POST console_bookmarks save logo
application:delete at okta:
    POST console_applications delete
application:delete at bookmark:
    GET console_bookmarks ask_to_delete
    POST console_bookmarks delete
application:grant at okta:
    GET console_application_access ask_to_give
    GET console_access_paths farewell
    POST console_access_paths give take mark
    POST console_application_access give withdraw
application:grant at bookmark:
    GET console_bookmarks ask_to_give ask_to_withdraw
    POST console_bookmarks give withdraw
""")
