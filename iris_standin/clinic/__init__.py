"""The sample REST application `/csp/clinic`: a resource server in the manner of %CSP.REST that wants Bearer tokens."""
