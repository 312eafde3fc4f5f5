from __future__ import annotations

from django.urls import path

from config.setup import views

urlpatterns = [
    path("", views.start, name="setup"),
    path("review/", views.finish, name="setup-review"),
    path("<slug:slug>/", views.step, name="setup-step"),
]
