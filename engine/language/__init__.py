"""The routing spec as an author means it: the types of every form, rule, condition and policy test."""
