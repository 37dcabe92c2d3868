"""LiteLLM's config.yaml as a routing spec of ours: pure functions over its text.

`importing` is the way in. `sections` reads the document key by key, so that no key is passed over in silence; `deployments`
makes a deployment of each entry of `model_list`, `groups` a node of those with one name, `routes` ties them together by
fallbacks and aliases, `shared_settings` reads what holds for all of them, and `writing` prints the spec with a comment for each
thing that was not carried over. What is for a server, `gateway_settings` has.

No message and no spec ever shows a key that stands in the config: it becomes a reference, and its value is kept beside the spec.
"""
