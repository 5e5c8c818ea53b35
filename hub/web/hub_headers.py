"""The headers of the hub's own, in lower case as they are looked up in a request, and as they are written in a response."""

IDENTITY_HEADER = "x-hub-identity"  # the user for whom the page was loaded
PASSIVE_HEADER = "x-hub-passive"  # "1": no user caused the request
REDIRECT_HEADER = "X-Hub-Redirect"  # "manual": show redirects; in responses the status of one
REPLAYED_HEADER = "X-Hub-Replayed"  # "1": the request was not executed again
