"""From a partner's declared endpoint to one that can be visited."""

from __future__ import annotations

from pathlib import Path

from etl.config import partner as declared
from etl.transfer import RetryPolicy
from etl.transfer import settings as transfer


def endpoint_settings(partner: declared.Partner, root: Path) -> transfer.EndpointSettings:
    """The transfer room's settings for `partner`.

    Args:
        root: the project's folder; local endpoints' relative folders start there.

    Raises:
        ConfigurationError: a reference of the endpoint cannot be resolved.
    """
    endpoint = partner.endpoint.resolve()
    pickup = transfer.Pickup(
        patterns=tuple(dict.fromkeys(rule.pattern for rule in partner.documents)) or ("*",),
        ignore=endpoint.ignore,
        settle=_settle(endpoint.settle),
        after=_after(endpoint.after_pickup),
        limits=transfer.Limits(endpoint.limits.max_file_mb, endpoint.limits.max_files),
    )
    if endpoint.type == "local":
        incoming = str(root / endpoint.folder_in)
        outgoing = str(root / endpoint.folder_out) if endpoint.folder_out else None
        return transfer.LocalSettings(partner.id, transfer.Folders(incoming, outgoing), pickup)
    return transfer.SftpSettings(
        partner=partner.id,
        host=endpoint.host,
        port=endpoint.port,
        user=endpoint.user,
        host_key=endpoint.host_key,
        folders=transfer.Folders(endpoint.folder_in, endpoint.folder_out),
        key=endpoint.key_data or endpoint.key,
        passphrase=endpoint.passphrase,
        password=endpoint.password,
        agent=endpoint.agent,
        pipelined=endpoint.pipelined,
        timeouts=transfer.Timeouts(
            connect=endpoint.timeouts.connect,
            auth=endpoint.timeouts.auth,
            channel=endpoint.timeouts.channel,
            overall=endpoint.timeouts.overall,
        ),
        pickup=pickup,
    )


def retry_policy(partner: declared.Partner) -> RetryPolicy:
    """How a visit to `partner` that failed for a moment is tried again."""
    retries = partner.endpoint.resolve().retries
    return RetryPolicy(retries.attempts, retries.first_delay, retries.longest_delay)


def _settle(rule: declared.Settle) -> transfer.Settle:
    if rule.by == "done_file":
        return transfer.SettleByDoneFile(rule.suffix)
    if rule.by == "rename":
        return transfer.SettleByRename(rule.temporary)
    return transfer.SettleByAge(rule.seconds)


def _after(rule: declared.AfterPickup) -> transfer.AfterPickup:
    if rule.action == "move":
        return transfer.Move(rule.to)
    return transfer.Delete() if rule.action == "delete" else transfer.Keep()
