"""The tables, one file per noun; importing this package knows them all."""

from flowbuilder.models.account import Account, ApiKey, Audit, Membership, Person, SignInThrottle, WebSession
from flowbuilder.models.base import Base
from flowbuilder.models.catalogue import CatalogueField, PassedOverName
from flowbuilder.models.connection import AccessToken, Breaker, Connection, ConnectionTest, Credential
from flowbuilder.models.delivery import DeliveryCopy, InboxLead
from flowbuilder.models.draft import DraftEdit, DraftLooker
from flowbuilder.models.flow import Flow, FlowVersion, PlannedPublication
from flowbuilder.models.flow_check import FlowCheck
from flowbuilder.models.lead import Attempt, Lead, LeadEvent, Offer
from flowbuilder.models.limited import CapWindow, Claim, Idempotency, IntakeRefusal, Worker
from flowbuilder.models.source import Source, SourceKey
from flowbuilder.models.stored_list import StoredList, StoredListEntry

__all__ = [
    "AccessToken",
    "Account",
    "ApiKey",
    "Attempt",
    "Audit",
    "Base",
    "Breaker",
    "CapWindow",
    "CatalogueField",
    "Claim",
    "Connection",
    "ConnectionTest",
    "Credential",
    "DeliveryCopy",
    "DraftEdit",
    "DraftLooker",
    "Flow",
    "FlowCheck",
    "FlowVersion",
    "Idempotency",
    "InboxLead",
    "IntakeRefusal",
    "Lead",
    "LeadEvent",
    "Membership",
    "Offer",
    "PassedOverName",
    "Person",
    "PlannedPublication",
    "SignInThrottle",
    "Source",
    "SourceKey",
    "StoredList",
    "StoredListEntry",
    "WebSession",
    "Worker",
]
