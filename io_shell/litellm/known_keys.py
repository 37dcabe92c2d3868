"""The keys of LiteLLM's config that have no counterpart here, each with the reason; a table for each section.

As read in LiteLLM 1.106. What is not here and is not read either is told as unknown.
"""

from collections.abc import Mapping
from typing import Final

__all__ = (
    "ALL_PARAMS",
    "GENERAL_KEYS",
    "INFO_KEYS",
    "LITELLM_KEYS",
    "NOT_HERE",
    "NOT_TOKENS",
    "PARAM_KEYS",
    "ROUTER_KEYS",
    "TOP_KEYS",
)

NOT_TOKENS: Final = "limits count calls here; a model that is billed by the second has no tokens to count"

_ALIKE: Final = "failures of all kinds count alike"
_CALLERS: Final = "callers say it with each request"
_CHECKED: Final = "every plan looks at what a model can do and take"
_DEAD: Final = "it never comes to that with transcriptions, in LiteLLM either"
_STREAM: Final = "a `timeout` holds for the whole answer here"
_BUDGET: Final = "a `budget` bounds one request here, not a time"
_GUARDRAIL: Final = "what guards prompts and transcripts has to be written as a guardrail of yours"
_HEALTH: Final = "whether and how often deployments are checked, a spec says under `gateway: {health_check: …}`"
_KEYS: Final = "there are no teams and no users: what a key may use is said with the key"
_PASSING: Final = "nothing is passed through: there are the endpoints for audio alone"
_BACK: Final = "nobody is called back: what was attempted is in each answer, and in the access log of `voxplan serve`"
_LOGS: Final = "what the access log of `voxplan serve` looks like, its `--log` says"
_SECRETIVE: Final = "no log ever holds what was said, prompts or keys"
_CACHE: Final = "answers are not cached"
_STATE: Final = "each process knows the health of its deployments by itself"
_TEXT_ONLY: Final = "it is about text, not about audio"
_CLIENTS: Final = "voxplan has clients and credentials of its own"

PARAM_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("language", "prompt", "temperature", "response_format", "timestamp_granularities", "user"), _CALLERS),
    **dict.fromkeys(("stream_timeout", "timeout_by_service_tier"), _STREAM),
    **dict.fromkeys(("itpm", "otpm"), NOT_TOKENS),
    **dict.fromkeys(("max_budget", "budget_duration"), _BUDGET),
    **dict.fromkeys(("guardrails", "guardrail_config"), _GUARDRAIL),
    **dict.fromkeys(("aws_access_key_id", "aws_secret_access_key", "aws_region_name", "aws_role_name"), _CLIENTS),
    **dict.fromkeys(("extra_headers", "headers", "azure_username", "azure_password", "azure_scope", "ssl_verify"), _CLIENTS),
    **dict.fromkeys(
        ("max_tokens", "max_completion_tokens", "top_p", "stop", "seed", "cache_control_injection_points"), _TEXT_ONLY
    ),
    **dict.fromkeys(("cost_per_query", "additional_drop_params", "tag_regex"), "there is no counterpart"),
    "allowed_fails_policy": _ALIKE,
    "configurable_clientside_auth_params": "callers never bring addresses or keys",
    "max_file_size_mb": _CHECKED,
    "merge_reasoning_content_in_choices": _TEXT_ONLY,
    "mock_response": "`simulate` pretends failures, and nothing pretends an answer",
    "silent_model": "LiteLLM sends no transcription to it either",
    "stream": _CALLERS,
    "use_in_pass_through": _PASSING,
}

# Read for some providers, and told where they mean nothing.
NOT_HERE: Final = frozenset(
    {
        *("organization", "api_version", "azure_ad_token", "tenant_id", "client_id", "client_secret"),
        *("vertex_project", "vertex_location", "vertex_credentials"),
    }
)

_READ: Final = (
    *("model", "api_key", "api_base", "base_url", "custom_llm_provider", "litellm_credential_name", "region_name", "tags"),
    "base_model",
    *("weight", "rpm", "tpm", "order", "timeout", "num_retries", "max_retries", "max_parallel_requests", "drop_params"),
    *("cooldown_time", "allowed_fails"),
    *("input_cost_per_second", "output_cost_per_second", "input_cost_per_request", "extra_body"),
    *("input_cost_per_token", "input_cost_per_audio_token", "output_cost_per_token", "output_cost_per_audio_token"),
)
ALL_PARAMS: Final = frozenset({*PARAM_KEYS, *NOT_HERE, *_READ})
"""Everything that LiteLLM itself knows in `litellm_params`, for guesses."""

INFO_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("access_groups", "team_id", "tier", "team_public_model_name"), _KEYS),
    **dict.fromkeys(("health_check_model", "health_check_timeout", "disable_background_health_check"), _HEALTH),
    **dict.fromkeys(("max_tokens", "max_input_tokens", "max_output_tokens"), _TEXT_ONLY),
    **dict.fromkeys(("description", "display_name", "litellm_provider", "created_by"), "it is not needed to route"),
    "allowed_fails_policy": _ALIKE,
    "supported_environments": "every entry is carried over, whatever `LITELLM_ENVIRONMENT` says",
}

ROUTER_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("context_window_fallbacks", "content_policy_fallbacks"), _DEAD),
    **dict.fromkeys(("enable_pre_call_checks", "enable_health_check_routing"), _CHECKED),
    **dict.fromkeys(("redis_host", "redis_port", "redis_password", "redis_url", "redis_db"), _STATE),
    **dict.fromkeys(("cache_responses", "caching_groups", "cache_kwargs", "client_ttl"), _CACHE),
    **dict.fromkeys(("provider_budget_config", "deployment_affinity_ttl_seconds", "weights"), "there is no counterpart"),
    **dict.fromkeys(("debug_level", "set_verbose"), _LOGS),
    "alerting_config": _BACK,
    "allowed_fails_policy": _ALIKE,
    "assistants_config": _TEXT_ONLY,
    "default_litellm_params": "each entry of `model_list` has to say it",
    "default_max_parallel_requests": "it is no whole number from 1",
    "default_priority": "requests wait their turn as they come, whoever sends them",
    "enable_weighted_failover": "the others of a group always follow the one that failed",
    "max_fallbacks": "fallbacks of fallbacks are followed five deep, as LiteLLM does by itself",
    "model_group_retry_policy": "it is no mapping",
    "retry_after": "waits between retries start at 500 ms and double, or are what the provider asks for",
    "routing_groups": "every group has the one strategy",
    "routing_strategy_args": "a strategy has no arguments here",
    "stream_timeout": _STREAM,
    "tag_filtering_match_any": "one tag of the request decides",
}

LITELLM_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("context_window_fallbacks", "content_policy_fallbacks"), _DEAD),
    **dict.fromkeys(("callbacks", "success_callback", "failure_callback", "service_callback", "audit_log_callbacks"), _BACK),
    **dict.fromkeys(("set_verbose", "json_logs"), _LOGS),
    **dict.fromkeys(("turn_off_message_logging", "redact_user_api_key_info", "log_raw_request_response"), _SECRETIVE),
    **dict.fromkeys(("cache", "cache_params", "enable_caching_on_provider_specific_optional_params"), _CACHE),
    **dict.fromkeys(("max_budget", "budget_duration", "max_internal_user_budget", "internal_user_budget_duration"), _BUDGET),
    **dict.fromkeys(("guardrails", "enable_json_schema_validation", "modify_params"), _GUARDRAIL),
    **dict.fromkeys(("ssl_verify", "ssl_certificate", "force_ipv4", "aiohttp_trust_env", "client_session"), _CLIENTS),
    **dict.fromkeys(("default_internal_user_params", "default_team_settings", "default_team_params"), _KEYS),
    **dict.fromkeys(("default_key_generate_params", "upperbound_key_generate_params", "key_generation_settings"), _KEYS),
    **dict.fromkeys(("max_end_user_budget", "max_end_user_budget_id"), _BUDGET),
    **dict.fromkeys(("prometheus_initialize_budget_metrics", "custom_prometheus_metadata_labels"), _BACK),
    "check_provider_endpoint": "the models of an entry for any model are those that voxplan knows",
    "forward_traceparent_to_llm_provider": "providers get nothing of a request but what they need to transcribe",
    "enable_preview_features": "there is no counterpart",
    "num_workers": "`--workers` of `voxplan serve` says it",
    "telemetry": "nothing is ever reported home",
}

GENERAL_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *("database_url", "database_connection_pool_limit", "database_connection_timeout", "store_model_in_db"),
            *(
                "store_prompts_in_spend_logs",
                "disable_spend_logs",
                "allow_requests_on_db_unavailable",
                "use_redis_transaction_buffer",
            ),
            *("proxy_batch_write_at", "proxy_budget_rescheduler_min_time", "proxy_budget_rescheduler_max_time", "salt_key"),
        ),
        "voxplan needs no database",
    ),
    **dict.fromkeys(
        (
            *("custom_auth", "custom_sso", "enable_jwt_auth", "litellm_jwtauth", "enable_oauth2_auth", "allowed_routes"),
            *("admin_only_routes", "public_routes", "allow_user_auth", "ui_access_mode", "ui_username", "ui_password"),
            *("user_header_name", "user_header_mappings", "allowed_ips"),
        ),
        "callers are known by their keys",
    ),
    **dict.fromkeys(
        (
            *("alerting", "alerting_threshold", "alerting_args", "alert_types"),
            "alert_to_webhook_url",
        ),
        _BACK,
    ),
    **dict.fromkeys(("background_health_checks", "health_check_interval", "health_check_details"), _HEALTH),
    **dict.fromkeys(
        ("key_management_system", "key_management_settings"),
        "secrets are read from the environment alone: set there what the manager holds, by the names after `os.environ/`",
    ),
    "allow_client_side_credentials": "callers never bring addresses or keys",
    "block_robots": "there are no pages that robots could read",
    "cancel_on_disconnect": "a request is always cancelled when its caller leaves",
    "completion_model": _TEXT_ONLY,
    "coordination_redis": _STATE,
    "dangerously_permit_weak_or_unset_master_key": "a weak key is refused on any address but that of the machine itself",
    "enforce_user_param": "callers may always leave `user` out",
    "infer_model_from_keys": "each request names its model",
    "litellm_key_header_name": "callers send their key as `Authorization: Bearer`",
    "max_parallel_requests": "it is a limit of each key, and keys have none here",
    "max_response_size_mb": "what a provider may answer has a bound of its own",
    "moderation_model": "LiteLLM sends every transcription to it; here the route that was asked for serves",
    "pass_through_endpoints": _PASSING,
    "proxy_config_reload_interval": "`voxplan serve` reads its file again when it changes",
}

TOP_KEYS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("guardrails", "policies", "policy_attachments"), _GUARDRAIL),
    **dict.fromkeys(("callback_settings", "plugins"), _BACK),
    **dict.fromkeys(("files_settings", "finetune_settings", "prompts", "search_tools", "vector_store_registry"), _TEXT_ONLY),
    **dict.fromkeys(("mcp_servers", "mcp_tools", "mcp_aliases", "agents", "agent_list"), _TEXT_ONLY),
    "assistant_settings": _TEXT_ONLY,
    "default_vertex_config": "each entry of `model_list` has to say it",
    "include": "files are read where it is a list of paths, beside the config",
    "pass_through_endpoints": _PASSING,
}
