"""Tokens of Microsoft Entra's, by azure-identity: by a client secret, or by what the machine has.

Imported only when a token is wanted: azure-identity is an extra.
"""

import re
from collections.abc import Mapping
from typing import Final

from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from azure.identity import ClientSecretCredential, CredentialUnavailableError, DefaultAzureCredential

from voxplan.io_shell.credentials.issuing import Issued, NotIssued

__all__ = ("SCOPE", "issue")

SCOPE: Final = "https://cognitiveservices.azure.com/.default"

_APPLICATION: Final = ("tenant_id", "client_id", "client_secret")
_UNREACHED: Final = (ServiceRequestError, ServiceResponseError)
_RETRIES: Final = 1  # the attempt that wants the token has its own fallbacks, and no time to lose
_CODE: Final = re.compile(r"\bAADSTS\d{3,9}\b")


def issue(settings: Mapping[str, str]) -> Issued:
    """A token for `client_id` of `tenant_id` by `client_secret`; where none of these is said, by DefaultAzureCredential."""
    missing = [name for name in _APPLICATION if name not in settings]
    if missing and len(missing) < len(_APPLICATION):
        listed = ", ".join(f"`{name}`" for name in missing)
        raise NotIssued("unauthorized", f"an application needs all of its settings: {listed} missing")
    try:
        with _default(settings) if missing else _application(settings) as credential:
            found = credential.get_token(SCOPE)
    except CredentialUnavailableError:
        raise NotIssued("unauthorized", "no azure credentials: no setting names any, and this machine has none") from None
    except ClientAuthenticationError as problem:
        if isinstance(problem.__cause__, _UNREACHED):
            raise NotIssued("not_connected", "entra's token service cannot be reached") from None
        code = _CODE.search(problem.message or "")
        raise NotIssued("unauthorized", f"entra refused the credentials{f': `{code[0]}`' if code else ''}") from None
    except _UNREACHED:
        raise NotIssued("not_connected", "entra's token service cannot be reached") from None
    except (AzureError, ValueError, TypeError, OSError):
        raise NotIssued("unauthorized", "azure-identity cannot use the credentials") from None
    return Issued(token=found.token, expires_s=float(found.expires_on))


def _application(settings: Mapping[str, str]) -> ClientSecretCredential:
    tenant, client, secret = (settings[name] for name in _APPLICATION)
    authority = settings.get("authority")
    if authority is None:
        return ClientSecretCredential(tenant, client, secret, retry_total=_RETRIES)
    # Microsoft knows its own authorities only: to ask it about others would tell it their tenants.
    return ClientSecretCredential(
        tenant, client, secret, authority=authority, disable_instance_discovery=True, retry_total=_RETRIES
    )


def _default(settings: Mapping[str, str]) -> DefaultAzureCredential:
    authority = settings.get("authority")
    return DefaultAzureCredential() if authority is None else DefaultAzureCredential(authority=authority)
