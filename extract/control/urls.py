"""The control page's own paths, to be included below those of the admin."""

from __future__ import annotations

from django.urls import path

from extract.control import actions, trace, views

app_name = "extract_control"
urlpatterns = [
    path("", views.page, name="page"),
    path("trace/", trace.trace, name="trace"),
    path("state.json", views.state, name="state"),
    path("instances/<slug:id>/drain/", actions.drain, name="drain"),
    path("instances/<slug:id>/enable/", actions.enable, name="enable"),
    path("apps/<slug:app>/scale/", actions.scale, name="scale"),
    path("queues/<slug:app>/pause/", actions.pause, name="pause"),
    path("queues/<slug:app>/resume/", actions.resume, name="resume"),
    path("letters/<slug:app>/<uuid:event>/retry/", actions.retry, name="retry"),
    path("letters/<slug:app>/<uuid:event>/discard/", actions.discard, name="discard"),
]
