"""The browser host: `front` lets browsers in and gives each its own process, `app` is the panel in that process, `views` its slice views.

Nothing is imported here, so that the front server does not load what only a session needs.
"""
