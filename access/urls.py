"""Requests for access, mounted at /requests/."""

from __future__ import annotations

from django.urls import path

from access import views

urlpatterns = [
    path("new/", views.ask, name="access-request-new"),
    path("<int:pk>/", views.show, name="access-request"),
    path("<int:pk>/approve/", views.approve, name="access-request-approve"),
    path("<int:pk>/refuse/", views.refuse, name="access-request-refuse"),
    path("<int:pk>/withdraw/", views.withdraw, name="access-request-withdraw"),
]
