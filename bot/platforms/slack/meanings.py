"""The meaning of each Slack error, in one table for all the code that calls Slack.

Source: docs.slack.dev, the « Errors » of chat.postMessage, conversations.open, conversations.history and
files.completeUploadExternal. Calls that fail with any other error are retried.
"""

from collections.abc import Mapping
from typing import Final

from bot.platforms.contract import Meaning

_ACCESS: Final = "account_inactive invalid_auth not_allowed_token_type not_authed token_expired token_revoked"
TOKEN_CODES: Final = frozenset(_ACCESS.split())  # the other refusals are about the organisation
_CODES: Final[Mapping[Meaning, str]] = {
    "closed": "cannot_dm_bot messages_tab_disabled user_disabled",
    "gone": "channel_not_found is_archived user_not_found user_not_visible users_not_found",
    "forbidden": (
        "no_permission not_in_channel posting_to_channel_denied posting_to_general_channel_denied "
        "restricted_action restricted_action_non_threadable_channel restricted_action_read_only_channel "
        "restricted_action_thread_locked restricted_action_thread_only_channel"
    ),
    "refused": (
        f"{_ACCESS} accesslimited ekm_access_denied enterprise_is_restricted org_login_required "
        "team_access_not_granted team_added_to_org team_not_found two_factor_setup_required"
    ),
    "lacking": "missing_scope",
    "wait": "message_limit_exceeded rate_limited ratelimited",
    # Slack may have processed the request
    "unsure": "fatal_error internal_error request_timeout service_unavailable",
    "faulty": (
        "deprecated_endpoint invalid_arg_name invalid_arguments invalid_array_arg invalid_blocks "
        "invalid_blocks_format invalid_charset invalid_form_data invalid_json invalid_metadata_format "
        "invalid_metadata_schema invalid_post_type json_not_object metadata_must_be_sent_from_app "
        "metadata_too_large method_deprecated missing_charset missing_post_type msg_blocks_too_long "
        "msg_too_long no_text superfluous_charset unknown_method"
    ),
}
MEANINGS: Final[Mapping[str, Meaning]] = {
    code: meaning for meaning, codes in _CODES.items() for code in codes.split()
}
