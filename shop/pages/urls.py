"""The shop's own pages: home, accounts, and the mails where they are kept on this machine."""

from django.conf import settings
from django.urls import path

from shop.accounts import registration
from shop.accounts import views as accounts
from shop.mails import views as mails
from shop.pages import crawlers
from shop.pages import views as pages
from shop.rights import api as rights_api
from shop.rights import views as rights

app_name = "shop"

urlpatterns = [
    path("", pages.home, name="home"),
    path("pages/<slug:slug>/", pages.standing_page, name="standing-page"),
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.sitemap, name="sitemap"),
    path("favicon.ico", crawlers.favicon, name="favicon"),
    path("accounts/login/", accounts.Login.as_view(), name="login"),
    path("accounts/again/", accounts.Again.as_view(), name="again"),
    path("accounts/logout/", accounts.Logout.as_view(), name="logout"),
    path("accounts/mail-sent/", accounts.mail_sent, name="mail-sent"),
    path("accounts/register/", registration.register, name="register"),
    path("accounts/register/<str:link>/", registration.register_confirm, name="register-confirm"),
    path("accounts/profile/", accounts.profile, name="profile"),
    path("accounts/data/", rights.data, name="data"),
    path("accounts/data/export/", rights.take_along, name="export"),
    path("accounts/data/erasure/", rights.erase, name="erase"),
    path("accounts/data/erased/", rights.erased, name="erased"),
    path("accounts/password/", accounts.PasswordChange.as_view(), name="password"),
    path("accounts/password-reset/", accounts.password_reset, name="password-reset"),
    path(
        "accounts/password-reset/<uidb64>/<token>/",
        accounts.PasswordResetConfirm.as_view(),
        name="password-reset-confirm",
    ),
    path("accounts/address/", accounts.address, name="address"),
    path("accounts/address/<str:link>/", accounts.address_confirm, name="address-confirm"),
]

api_urlpatterns = [
    path("api/account/export/", rights_api.Export.as_view(), name="api-export"),
    path("api/account/erasure/", rights_api.Erasure.as_view(), name="api-erasure"),
]

if settings.EMBEDDED_MAIL:
    urlpatterns += [
        path("mails/", mails.mails, name="mails"),
        path("mails/<slug:id>/", mails.mail, name="mail"),
        path("mails/<slug:id>/html/", mails.mail_html, name="mail-html"),
        path("mails/<slug:id>/<int:number>/", mails.mail_attachment, name="mail-attachment"),
    ]
