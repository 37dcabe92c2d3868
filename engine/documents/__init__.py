"""Between text and spec: reading with places, printing, short forms, the JSON Schema."""
