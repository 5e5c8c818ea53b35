"""The cases of the OpenID Foundation's relying-party tests, each driven through the whole hub: what does the user see?"""
