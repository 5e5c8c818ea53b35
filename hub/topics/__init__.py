"""Events that back ends publish for pages: topics, who may see what, and a history for those who were away."""
