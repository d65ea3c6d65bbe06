"""Accounts whose passwords are kept here."""

from django.urls import path

from shop.accounts import registration, views

urlpatterns = [
    path("accounts/login/", views.Login.as_view(), name="login"),
    path("accounts/again/", views.Again.as_view(), name="again"),
    path("accounts/logout/", views.Logout.as_view(), name="logout"),
    path("accounts/mail-sent/", views.mail_sent, name="mail-sent"),
    path("accounts/register/", registration.register, name="register"),
    path("accounts/register/<str:link>/", registration.register_confirm, name="register-confirm"),
    path("accounts/profile/", views.profile, name="profile"),
    path("accounts/password/", views.PasswordChange.as_view(), name="password"),
    path("accounts/password-reset/", views.password_reset, name="password-reset"),
    path(
        "accounts/password-reset/<uidb64>/<token>/",
        views.PasswordResetConfirm.as_view(),
        name="password-reset-confirm",
    ),
    path("accounts/address/", views.address, name="address"),
    path("accounts/address/<str:link>/", views.address_confirm, name="address-confirm"),
]
