"""LiteLLM's config.yaml as a routing spec of ours: pure functions over its text.

`importing` is the way in. `including` puts the files together that a config consists of, `environment` fills in what it reads
from there, and `sections` reads it key by key, so that no key is passed over in silence. `deployments` makes a deployment of each
entry of `model_list`, with what `surroundings` holds of the rest of the config, and `unset` tells which variables it lacks;
`wildcards` writes out the entries for any model, `groups` makes a node of the deployments with one name, and `routes` ties
those together by aliases and by `fallback_chains`. `shared_settings` and `cooling` read what holds for all of them; `variables`
names the keys that stand in the config, and `own_variables` knows which names a deployment reads by itself, so that no key has
one of those. `writing` prints the spec with a comment for each thing that was not carried over. What is for a server,
`gateway_settings` has.

No message and no spec ever shows a key that stands in the config: it becomes a reference, and its value is kept beside the spec.
"""
