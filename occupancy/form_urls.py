"""Addresses of forms and what is handed out to them, under /form/."""

from __future__ import annotations

from django.urls import path

from occupancy.views import forms, hand_outs

urlpatterns = [
    path("", forms.mine, name="forms"),
    path("<int:form_id>/", forms.one, name="form"),
    path("lists/<int:site_id>/", hand_outs.hand_out, name="hand-outs"),
]
