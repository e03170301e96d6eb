"""Modules of Asterisk that the generated configuration does not load, and why."""

from __future__ import annotations

_OTHER_VOICEMAIL = ("app_voicemail_imap", "app_voicemail_odbc", "app_minivm")

_OTHER_PROTOCOLS = (
    "chan_sip", "chan_iax2", "chan_skinny", "chan_mgcp", "chan_unistim", "chan_motif",
    "chan_dahdi", "chan_mobile", "res_xmpp", "pbx_dundi", "res_phoneprov",
    "res_pjsip_phoneprov_provider", "res_pjsip_config_wizard", "res_snmp",
    "res_smdi", "res_hep", "res_hep_pjsip", "res_hep_rtcp", "res_statsd", "res_prometheus",
)  # fmt: skip
"""They listen on the network, or send to it."""

_SOUND_CARDS = ("chan_alsa", "chan_console", "chan_oss", "app_jack")

_ARI = (
    "res_ari", "res_ari_applications", "res_ari_asterisk", "res_ari_bridges",
    "res_ari_channels", "res_ari_device_states", "res_ari_endpoints", "res_ari_events",
    "res_ari_mailboxes", "res_ari_model", "res_ari_playbacks", "res_ari_recordings",
    "res_ari_sounds",
)  # fmt: skip
"""A second way to rule Asterisk, over HTTP. Nothing here uses it."""

_DATABASES = (
    "cdr_adaptive_odbc", "cdr_odbc", "cdr_pgsql", "cdr_radius", "cdr_sqlite3_custom", "cdr_tds",
    "cdr_custom", "cdr_manager",
    "cel_custom", "cel_manager", "cel_odbc", "cel_pgsql", "cel_radius", "cel_sqlite3_custom",
    "cel_tds",
    "func_odbc", "func_realtime", "pbx_realtime",
    "res_config_curl", "res_config_ldap", "res_config_mysql", "res_config_odbc",
    "res_config_pgsql", "res_config_sqlite3", "res_odbc", "res_odbc_transaction",
)  # fmt: skip
"""They need a configuration of their own."""

_OTHER_DIALPLANS = ("pbx_ael", "pbx_lua", "res_ael_share", "pbx_spool")
"""One dialplan only; no calls placed by files in the spool."""

_UNUSED = (
    "app_adsiprog", "app_agent_pool", "app_alarmreceiver", "app_amd", "app_festival",
    "app_followme", "app_getcpeid", "app_sla", "res_adsi", "res_calendar",
    "res_calendar_caldav", "res_calendar_ews", "res_calendar_exchange",
    "res_calendar_icalendar", "res_parking", "res_stun_monitor", "res_stir_shaken",
    "res_pjsip_stir_shaken", "res_resolver_unbound", "res_geolocation",
    "res_pjsip_geolocation", "res_aeap", "res_speech_aeap", "res_clialiases",
    "res_pjsip_notify", "res_pjsip_endpoint_identifier_anonymous", "res_fax", "res_fax_spandsp",
    "func_shell", "app_system", "app_stasis", "app_stasis_broadcast", "res_stasis_broadcast",
    "chan_websocket", "res_websocket_client", "res_http_media_cache", "codec_codec2",
    "app_image", "app_ices", "app_macro", "app_nbscat", "app_url", "res_monitor",
)  # fmt: skip
"""Not needed, and some complain without their own file. func_shell and app_system run commands."""


def unwanted_modules() -> tuple[str, ...]:
    """File names for `noload` in modules.conf; one that a version does not have does no harm."""
    groups = (
        _OTHER_VOICEMAIL, _OTHER_PROTOCOLS, _SOUND_CARDS, _ARI, _DATABASES, _OTHER_DIALPLANS,
        _UNUSED,
    )  # fmt: skip
    return tuple(f"{module}.so" for group in groups for module in group)
