"""What stands on the pages in the footer until the operator has written them."""

from __future__ import annotations

DRAFTS = {
    "terms": (
        "Terms",
        "This is a draft. Whoever runs this shop replaces it in the back office, under Pages.\n\n"
        "You order by pressing “Pay” at the checkout. The contract is made when we have taken your "
        "payment and sent you the receipt. The invoice in that mail lists what you bought, the VAT "
        "and what you paid.\n\n"
        "Prices are shown without VAT; the VAT of the country that the goods go to is added at the "
        "checkout, with the cost of delivery, before you pay.\n\n"
        "Goods are ours until they are paid for. The law of the country where we are established "
        "applies; as a consumer you keep the protection of the law of the country you live in.",
    ),
    "privacy": (
        "Privacy",
        "This is a draft. Whoever runs this shop replaces it in the back office, under Pages.\n\n"
        "For an order we keep your name, your address, your e-mail address and what you bought, to "
        "deliver it, to send the receipt and because the law asks us to keep invoices.\n\n"
        "With an account we also keep your password, in a form from which it cannot be read, and "
        "when you signed in.\n\n"
        "This shop sets only the cookies that it needs: for your cart, for the checkout's form, "
        "for messages to you, and for signing in. It measures nobody and asks no other site.\n\n"
        "You may ask what we know of you, have it corrected, and have deleted what the law does "
        "not ask us to keep. With an account you do so yourself, under Your data; else write to "
        "the address under Contact.",
    ),
    "returns": (
        "Delivery and returns",
        "This is a draft. Whoever runs this shop replaces it in the back office, under Pages.\n\n"
        "What is in stock leaves us on the next working day. The cost of delivery is shown at the "
        "checkout before you pay.\n\n"
        "You may change your mind within 14 days of the day on which the goods reached you, "
        "without saying why. Tell us by e-mail with the number of your order, and send the goods "
        "back within 14 days after that. We pay back what you paid, the way you paid, and send you "
        "a credit note.",
    ),
    "imprint": (
        "Imprint",
        "This is a draft. Whoever runs this shop replaces it in the back office, under Pages.\n\n"
        "Responsible for this site is the seller named here.",
    ),
    "contact": (
        "Contact",
        "This is a draft. Whoever runs this shop replaces it in the back office, under Pages.\n\n"
        "Write to us with the number of your order, which is on its page and in its receipt. We "
        "answer within two working days.",
    ),
}  # fmt: skip
"""The title and the text of each, by its slug."""
