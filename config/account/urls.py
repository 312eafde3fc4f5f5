"""Addresses of one's log-in that allauth does not have."""

from __future__ import annotations

from django.urls import path

from config.account import views

urlpatterns = [
    path("sessions/<int:session_id>/end/", views.end_session, name="session-end"),
]
