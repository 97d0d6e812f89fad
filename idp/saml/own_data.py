"""What SAML holds of a person, for that person: the names that service providers know them by."""

from idp.directory.own_data import Portion
from idp.saml.models import SamlName, SamlSubject

PORTIONS = (
    Portion("known_to_service_providers_as", SamlSubject, ("application_id", "name_id", "created_at", "terminated_at")),
    Portion("names_made_of_attributes", SamlName, ("application_id", "value", "created_at")),
)
