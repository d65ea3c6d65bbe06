"""Buyers from places that write in scripts of their own, each with what they would buy."""

from __future__ import annotations

from typing import NamedTuple

from apps.invoice.contract import Buyer, Issued
from tests.apps.invoice.documents import issue, line


class Sample(NamedTuple):
    """A buyer. ``copied``: how much of it comes out of a PDF as it was typed.

    ``words``: readers put words, numbers and brackets in an order of their own where text runs
    from right to left. ``letters``: Typst draws a mark that the font moves up or down by itself,
    and readers copy the letter that bears it once more with it.
    """

    script: str
    country: str
    name: str
    address: str
    city: str
    product: str
    copied: str = "whole"


SAMPLES = (
    Sample(
        "Latin", "PL", "Małgorzata Łęcka-Ørsted", "ulica Świętojańska 7", "Łódź", "Żółta świeca"
    ),
    Sample("Vietnamese", "VN", "Nguyễn Thị Diễm", "Đường Trần Hưng Đạo 5", "Huế", "Đèn lồng"),
    Sample(
        "Latin with marks",
        "PY",
        "G̃uaraní R̥ta M̧ajuro",
        "Calle Ñandutí 3",
        "Itá",
        "Vaso g̃",
        "letters",
    ),
    Sample("Greek", "GR", "Ελένη Παπαδοπούλου", "Οδός Ερμού 12", "Αθήνα", "Χάλκινο φανάρι"),
    Sample("Cyrillic", "UA", "Їжакевич Ґалина", "вулиця Хрещатик 3", "Київ", "Мідний ліхтар"),
    Sample("Armenian", "AM", "Արամ Խաչատրյան", "Մաշտոցի պողոտա 5", "Երևան", "Պղնձե լապտեր"),
    Sample("Georgian", "GE", "შოთა რუსთაველი", "აღმაშენებლის 8", "თბილისი", "სპილენძის ფარანი"),
    Sample(
        "Hebrew",
        "IL",
        "שרה בן־דוד (ת״א)",
        "רחוב הרצל 14, דירה 2",
        "חיפה",
        "פנס נחושת 30 ס״מ",
        "words",
    ),
    Sample(
        "Arabic",
        "EG",
        "محمد عبد الله (القاهرة)",
        "شارع التحرير 12، شقة 3",
        "القاهرة",
        "فانوس نحاسي 30 سم",
        "words",
    ),
    Sample(
        "Persian", "IR", "مریم می‌نویسد پژوهشگر", "خیابان انقلاب ۱۲", "تهران", "فانوس مسی", "words"
    ),
    Sample("Urdu", "PK", "ڈاکٹر فاطمہ چوہدری", "گلی نمبر ۵", "لاہور", "تانبے کی لالٹین", "words"),
    Sample("Devanagari", "IN", "श्रीमती लक्ष्मी शर्मा", "महात्मा गांधी मार्ग १२", "दिल्ली", "तांबे की लालटेन"),
    Sample("Bengali", "BD", "রবীন্দ্রনাথ ঠাকুর", "জোড়াসাঁকো ৬", "ঢাকা", "তামার লণ্ঠন", "letters"),
    Sample("Gurmukhi", "IN", "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ", "ਮਾਲ ਰੋਡ ੯", "ਅੰਮ੍ਰਿਤਸਰ", "ਤਾਂਬੇ ਦੀ ਲਾਲਟੈਣ"),
    Sample("Gujarati", "IN", "મોહનદાસ પટેલ", "આશ્રમ રોડ ૪", "અમદાવાદ", "તાંબાનું ફાનસ"),
    Sample("Odia", "IN", "ଜଗନ୍ନାଥ ମହାପାତ୍ର", "ମହାତ୍ମା ଗାନ୍ଧୀ ମାର୍ଗ", "ପୁରୀ", "ତମ୍ବା ଲଣ୍ଠନ"),
    Sample("Tamil", "IN", "தமிழ்ச்செல்வி முருகன்", "அண்ணா சாலை 10", "சென்னை", "செப்பு விளக்கு"),
    Sample("Telugu", "IN", "శ్రీనివాస రావు", "బంజారా హిల్స్ 3", "హైదరాబాద్", "రాగి లాంతరు"),
    Sample("Kannada", "IN", "ಕುವೆಂಪು ಪುಟ್ಟಪ್ಪ", "ಎಂ ಜಿ ರಸ್ತೆ 2", "ಬೆಂಗಳೂರು", "ತಾಮ್ರದ ಲಾಟೀನು"),
    Sample("Malayalam", "IN", "വൈക്കം മുഹമ്മദ് ബഷീർ", "മഹാത്മാഗാന്ധി റോഡ്", "കൊച്ചി", "ചെമ്പ് വിളക്ക്"),
    Sample("Sinhala", "LK", "ශ්‍රීමතී කුමාරි පෙරේරා", "ගාලු පාර 44", "කොළඹ", "තඹ පහන"),
    Sample(
        "Thai",
        "TH",
        "สมหญิง ศรีสุวรรณ",
        "ถนนสุขุมวิท ซอย 11",
        "กรุงเทพฯ",
        "โคมไฟทองแดงสำหรับตั้งโต๊ะ",
        "letters",
    ),
    Sample("Lao", "LA", "ສົມພອນ ວົງສາ", "ຖະໜົນ ເສດຖາທິລາດ", "ວຽງຈັນ", "ໂຄມໄຟທອງແດງ"),
    Sample("Khmer", "KH", "សុខា ច័ន្ទរស្មី", "មហាវិថី នរោត្តម", "ភ្នំពេញ", "ចង្កៀងទង់ដែង", "letters"),
    Sample("Burmese", "MM", "ဒေါ်အောင်ဆန်း", "ဗိုလ်ချုပ်လမ်း", "ရန်ကုန်", "ကြေးမီးအိမ်"),
    Sample("Ethiopic", "ET", "አበበ ቢቂላ", "ቦሌ መንገድ", "አዲስ አበባ", "የመዳብ ፋኖስ"),
    Sample(
        "Simplified Chinese",
        "CN",
        "王小明",
        "北京市东城区长安街一号院二号楼三单元四〇五室",
        "北京",
        "手工制作的铜灯笼",
    ),
    Sample("Traditional Chinese", "TW", "陳怡君", "信義路五段7號", "臺北", "手工銅燈籠"),
    Sample(
        "Japanese", "JP", "山田 花子", "東京都渋谷区神南一丁目2-3", "東京", "銅のランタン（大）"
    ),
    Sample("Korean", "KR", "김민준", "서울특별시 종로구 세종대로 1", "서울", "구리 등불"),
    Sample("Emoji", "GB", "Ada 🎉 Lovelace", "12 Party 👩‍🔬 Lane", "London", "Lantern 🏮 ❤️"),
)

# Not in the fonts that the project brings along: the machine's may have them.
RARE = (
    Sample("Tibetan", "CN", "བསྟན་འཛིན་རྒྱ་མཚོ", "ལྷ་ས", "ལྷ་ས", "ཟངས་ཀྱི་སྒྲོན་མེ", "letters"),
    Sample("Cherokee", "US", "ᏍᏏᏉᏯ", "ᏣᎳᎩ 3", "ᏓᎵᏆ", "ᎠᏨᏍᏙᏗ"),
    Sample("Mongolian", "CN", "ᠴᠢᠩᠭᠢᠰ ᠬᠠᠭᠠᠨ", "ᠭᠤᠳᠤᠮᠵᠢ", "ᠬᠥᠬᠡᠬᠣᠲᠠ", "ᠵᠡᠰ ᠳ᠋ᠡᠩᠯᠦᠦ", "letters"),
)


def issue_to(sample: Sample) -> Issued:
    """An invoice whose every typed word is in the sample's script."""
    buyer = Buyer(
        name=sample.name,
        email="ada@example.com",
        line1=sample.address,
        line2="",
        city=sample.city,
        postcode="10115",
        country=sample.country,
    )
    return issue(buyer=buyer, lines=(line(sample.product),))
