"""The shop's own pages: home, accounts, and the mails where they are kept on this machine."""

from django.conf import settings
from django.urls import path

from shop.accounts import views as accounts
from shop.mails import views as mails
from shop.pages import views as pages

app_name = "shop"

urlpatterns = [
    path("", pages.home, name="home"),
    path("accounts/login/", accounts.Login.as_view(), name="login"),
    path("accounts/logout/", accounts.Logout.as_view(), name="logout"),
    path("accounts/register/", accounts.register, name="register"),
    path("accounts/profile/", accounts.profile, name="profile"),
    path("accounts/password/", accounts.PasswordChange.as_view(), name="password"),
]

if settings.EMBEDDED_MAIL:
    urlpatterns += [
        path("mails/", mails.mails, name="mails"),
        path("mails/<slug:id>/", mails.mail, name="mail"),
        path("mails/<slug:id>/html/", mails.mail_html, name="mail-html"),
        path("mails/<slug:id>/<int:number>/", mails.mail_attachment, name="mail-attachment"),
    ]
