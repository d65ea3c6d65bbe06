"""Past sales for the tests of the replay: eight lines, with two cancellations among them."""

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SALES = (
    HEADER
    + """\
700001,61001,COPPER LANTERN,3,3/1/2011,2.55,20011,United Kingdom
700001,61002,STRIPED TEA TOWEL,1,3/1/2011,10,20011,United Kingdom
700001,61001,COPPER LANTERN,2,3/1/2011,2.1,20011,United Kingdom
700002,61001,COPPER LANTERN,5,4/1/2011,2.55,,Germany
700002,POST,POSTAGE,1,4/1/2011,18,,Germany
C700003,61001,COPPER LANTERN,-1,5/1/2011,2.55,20011,United Kingdom
C700003,61002,STRIPED TEA TOWEL,-1,5/1/2011,10,20011,United Kingdom
C700004,61002,STRIPED TEA TOWEL,-1,5/1/2011,10,20011,United Kingdom
"""
)
