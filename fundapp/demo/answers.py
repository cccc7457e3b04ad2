"""What the demo's applicants wrote: one frame of answers, and what is each project's own. All fictitious."""

from typing import Any

Answers = dict[str, dict[str, list[str]]]

CAFE = {
    "title": "Språkkafé i Töre",
    "summary": "Grannar och nyanlända lagar mat, pratar svenska och lär känna varandra en kväll i veckan.",
    "background": "I Töre bor många som är nya i Sverige. De träffar sällan andra som bor här.",
    "purpose": "Att fler ska våga prata svenska och hitta in i byns liv.",
    "results": "40 personer kommer minst fem gånger. Tio går vidare till en annan förening.",
    "integration": "Varje bord blandar den som är ny och den som har bott länge i Töre.",
    "place": "Bygdegården i Töre",
    "starts_on": "2017-04-03",
    "ends_on": "2017-11-30",
    "afterwards": "Kaféet fortsätter en kväll i månaden med våra egna ledare.",
    "measuring": "Vi räknar deltagare varje kväll och frågar dem i juni och november.",
    "goals": ["G1", "G3"],
    "targets": ["T1", "T3"],
    "areas": ["2", "3"],
    "people": (18, 14, 6, 6),
    "activities": [
        ("Språkkafé med matlagning", "Onsdagar 17–19", "Bygdegården", "Amina Warsame"),
        ("Utflykt till skärgården", "En lördag i augusti", "Malören", "Karin Lahti"),
    ],
    "costs": [("premises", "Hyra av bygdegården", 12000), ("food", "Mat till kaféet", 18000), ("travel", "Buss", 8000)],
    "incomes": [("own", "Föreningen", 3000)],
    "amount": 35000,
}
LIBRARY = CAFE | {
    "title": "Läs tillsammans på biblioteket",
    "summary": "Vuxna som lär sig svenska läser tillsammans med frivilliga, och barnen har en egen hörna.",
    "results": "25 vuxna läser minst tio gånger. Hälften lånar böcker på egen hand efteråt.",
    "place": "Kalix bibliotek",
    "starts_on": "2016-10-10",
    "ends_on": "2016-12-18",
    "areas": ["2", "3"],
    "people": (15, 8, 5, 4),
    "activities": [("Läsgrupp", "Måndagar 18–20", "Biblioteket", "Yonas Tesfay")],
    "costs": [("material", "Böcker och kopior", 9000), ("staff", "Ledare, tio kvällar", 15000), ("food", "Fika", 4000)],
    "incomes": [("own", "Föreningen", 2000)],
    "amount": 26000,
}
DRIVING = CAFE | {
    "title": "Körkortsteori på lätt svenska",
    "summary": "En kurs i trafikregler på lätt svenska, så att fler kan ta körkort och söka arbete.",
    "results": "20 personer går kursen. 12 klarar teoriprovet.",
    "place": "Vuxenutbildningen, Kalix",
    "starts_on": "2017-01-16",
    "ends_on": "2017-11-30",
    "areas": ["1", "3"],
    "people": (10, 10, 0, 0),
    "activities": [("Kurs, två kvällar i veckan", "Januari till november", "Furuhedsskolan", "Leena Kangas")],
    "costs": [("staff", "Lärare", 120000), ("material", "Böcker", 15000)],
    "incomes": [("own", "Vuxenutbildningen", 15000)],
    "amount": 120000,
}
GYM = CAFE | {
    "title": "Nya träningsmaskiner",
    "summary": "Föreningen vill köpa maskiner till sitt gym.",
    "results": "Fler tränar.",
    "integration": "Gymmet är öppet för alla medlemmar.",
    "starts_on": "2017-02-01",
    "ends_on": "2017-06-30",
    "areas": ["2"],
    "people": (10, 20, 0, 0),
    "activities": [("Inköp av maskiner", "Februari", "Töre", "Styrelsen")],
    "costs": [("equipment", "Fyra maskiner", 80000)],
    "incomes": [("own", "Föreningen", 5000)],
    "amount": 75000,
}
SEWING = CAFE | {
    "title": "خياطة وحديث",
    "summary": "نساء من كالكس ونساء وصلن حديثًا يخطن معًا ويتحدثن السويدية مرة كل أسبوع.",
    "background": "نساء كثيرات يبقين في البيت ولا يجدن من يتحدثن معه بالسويدية.",
    "purpose": "أن تتعلم النساء السويدية وأن يجدن صديقات في البلدة.",
    "results": "تشارك ٢٠ امرأة عشر مرات على الأقل.",
    "integration": "تجلس كل امرأة جديدة مع امرأة تسكن هنا منذ زمن.",
    "place": "Töre",
    "starts_on": "2017-05-02",
    "ends_on": "2017-12-15",
    "afterwards": "تبقى المجموعة وتلتقي مرة في الشهر.",
    "measuring": "نعدّ المشاركات كل مرة.",
    "areas": ["2", "3"],
    "people": (20, 0, 0, 0),
    "activities": [("ورشة خياطة", "كل خميس من ١٧ إلى ١٩", "Töre", "Amina Warsame")],
    "costs": [("equipment", "أربع ماكينات خياطة", 14000), ("material", "أقمشة", 6000)],
    "incomes": [("own", "الجمعية", 1000)],
    "amount": 19000,
}
SEWING_IN_SWEDISH = {
    "project.title": "Sömnad och samtal",
    "project.summary": "Kvinnor från Kalix och nyanlända kvinnor syr tillsammans och pratar svenska en gång i veckan.",
    "project.background": "Många kvinnor är hemma och har ingen att prata svenska med.",
    "project.purpose": "Att kvinnorna lär sig svenska och hittar vänner i kommunen.",
    "project.results": "20 kvinnor deltar minst tio gånger.",
}
SKI = CAFE | {
    "title": "På skidor tillsammans",
    "summary": "Barn och föräldrar som är nya i Kalix får prova skidor och möta andra familjer.",
    "results": "30 barn och 20 föräldrar provar skidor minst tre gånger.",
    "place": "Skidstadion, Kalix",
    "starts_on": "2017-11-20",
    "ends_on": "2018-03-31",
    "areas": ["2", "5"],
    "people": (10, 10, 15, 15),
    "activities": [("Skidskola", "Lördagar i vinter", "Skidstadion", "Karin Lahti")],
    "costs": [("equipment", "Lånade skidor", 20000), ("staff", "Ledare", 14000), ("food", "Varm choklad", 3000)],
    "incomes": [("own", "Föreningen", 4000)],
    "amount": 33000,
}
CIRCUS = CAFE | {
    "title": "Cirkus på lovet",
    "summary": "Barn som är nya i Kalix och barn som bor här sedan länge lär sig cirkus och visar upp den.",
    "results": "24 barn är med hela veckan, och minst 60 vuxna ser föreställningen.",
    "place": "Kulturhuset, Kalix",
    "starts_on": "2017-06-19",
    "ends_on": "2017-08-18",
    "areas": ["2", "5"],
    "people": (0, 0, 12, 12),
    "activities": [("Cirkusskola", "Två veckor i juni och augusti", "Kulturhuset", "Karin Lahti")],
    "costs": [("staff", "Två ledare", 16000), ("material", "Bollar, band och mattor", 5000)],
    "incomes": [("own", "Föreningen", 2000)],
    "amount": 19000,
}
ACHIEVEMENT = {
    "title": "Fotboll för alla i Töre",
    "summary": "Laget har öppnat sina träningar och fått sextio nya spelare.",
    "done": "Öppen träning två gånger i veckan hela 2016, med mat efteråt.",
    "when_and_where": "Töre idrottsplats, januari till december 2016",
    "result_S1": "Spelare från elva länder har spelat i samma lag.",
    "result_S2": "De nya har blivit ledare och domare.",
    "result_S3": "Tre har fått arbete genom klubben, och alla talar mer svenska.",
}


def grant_answers(own: dict[str, Any], contact: tuple[str, str], *, is_signed: bool = True) -> Answers:
    """Every section of an application to the fund; without `is_signed` the declaration is left to do."""
    texts = ("title", "summary", "background", "purpose", "results", "integration", "place", "starts_on", "ends_on")
    women, men, girls, boys = own["people"]
    answers: Answers = {
        "organisation": {
            "contact_name": [contact[0]],
            "contact_email": [contact[1]],
            "contact_phone": ["070-174 06 05"],
            "earlier_grants": [""],
            "particulars_right": ["y"],
        },
        "project": {name: [own[name]] for name in (*texts, "afterwards", "measuring")},
        "goals": {"fund_goals": own["goals"], "target_groups": own["targets"], "areas": own["areas"]},
        "participants": {
            "women": [str(women)],
            "men": [str(men)],
            "girls": [str(girls)],
            "boys": [str(boys)],
        },
        "activities": _rows("activities", ("what", "when", "where", "who"), own["activities"]),
        "budget": _rows("costs", ("category", "what", "kronor"), own["costs"])
        | _rows("incomes", ("kind", "funder", "kronor"), own["incomes"])
        | {"amount": [str(own["amount"])]},
    }
    if is_signed:
        answers["declaration"] = {
            name: ["y"]
            for name in ("is_true", "knows_public", "knows_personal_data", "has_read_rules", "accepts_conditions")
        } | {"signatory_name": [contact[0]], "signatory_role": ["Ordförande"], "decided_on": ["2016-08-01"]}
    return answers


def nomination_answers(name: str) -> Answers:
    """A nomination for the stipend by somebody who thought of a football team."""
    return {
        "nominator": {
            "nominator_name": [name],
            "nominator_phone": ["070-174 06 05"],
            "relation": ["Mina barn spelar i laget."],
        },
        "nominee": {
            "nominee_name": ["Töre Framtid IF (fiktiv)"],
            "nominee_contact": ["Yusuf Berg"],
            "nominee_email": ["yusuf@framtid.example"],
        },
        "achievement": {name: [text] for name, text in ACHIEVEMENT.items()},
        "declaration": {name: ["y"] for name in ("is_true", "knows_public", "knows_personal_data")},
    }


def _rows(name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, list[str]]:
    return {
        f"{name}-{n}-{column}": [str(value)]
        for n, row in enumerate(rows)
        for column, value in zip(columns, row, strict=True)
    }
