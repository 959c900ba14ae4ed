"""Endpoints: SFTP servers and local folders. List, settle, fetch, pick up, deliver."""

from etl.transfer.endpoint import Endpoint, open_endpoint
from etl.transfer.files import Fetched, Finding, Left, Listing, PickedUp, RemoteFile
from etl.transfer.inbox import Inbox
from etl.transfer.received import Received
from etl.transfer.retry import RetryPolicy
from etl.transfer.settings import (
    AfterPickup,
    Delete,
    EndpointSettings,
    Folders,
    Keep,
    Limits,
    LocalSettings,
    Move,
    Pickup,
    Secret,
    Settle,
    SettleByAge,
    SettleByDoneFile,
    SettleByRename,
    SftpSettings,
    Timeouts,
)
from etl.transfer.writer import Writer

__all__ = [
    "AfterPickup",
    "Delete",
    "Endpoint",
    "EndpointSettings",
    "Fetched",
    "Finding",
    "Folders",
    "Inbox",
    "Keep",
    "Left",
    "Limits",
    "Listing",
    "LocalSettings",
    "Move",
    "PickedUp",
    "Pickup",
    "Received",
    "RemoteFile",
    "RetryPolicy",
    "Secret",
    "Settle",
    "SettleByAge",
    "SettleByDoneFile",
    "SettleByRename",
    "SftpSettings",
    "Timeouts",
    "Writer",
    "open_endpoint",
]
