"""Sign-in by an OpenID Connect authorization server: the code flow, and who is still signed in.

mozilla-django-oidc does the code flow; here is what it leaves to its users. Django's user model
says what it makes of the claims: ``objects.make_for(claims)`` and ``user.take(claims)``.
"""
