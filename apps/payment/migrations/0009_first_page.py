"""What the operator's first page counts is found by an index; writers are not kept out."""

from django.db import migrations, models

from extract.data.concurrently import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("payment", "0008_leaving")]
    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["status", "placed_at"],
                condition=models.Q(invoice_number=""),
                name="payment_invoice_to_come",
            ),
        ),
        AddIndexConcurrently(
            model_name="refund",
            index=models.Index(
                fields=["status", "created_at"], name="payment_ref_status_87defe_idx"
            ),
        ),
    ]
