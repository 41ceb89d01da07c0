"""A note in another language, or without words, is answered in the open."""

import pytest

from models.coding.language import unreadable

OTHERS = {
    "Spanish": "Paciente de 54 años que acude a urgencias por dolor en el pecho desde hace dos días, sin fiebre. "
    "No refiere alergias. Se realiza una radiografía de tórax con resultado normal y es dado de alta.",
    "French": "La patiente âgée de 54 ans est venue aux urgences pour une douleur dans la poitrine depuis deux jours, "
    "sans fièvre. Elle ne prend pas de traitement. Le scanner est normal et elle est sortie avec une ordonnance.",
    "German": "Die Patientin, 54 Jahre alt, wurde mit Schmerzen in der Brust seit zwei Tagen in die Notaufnahme "
    "gebracht. Kein Fieber. Das EKG ist nicht auffällig, und sie wird mit einer Tablette nach Hause entlassen.",
    "Portuguese": "O paciente de 54 anos foi ao hospital com dor no peito há dois dias, sem febre. Não apresenta "
    "alergias. A radiografia do tórax foi normal e o paciente foi para casa com uma receita.",
    "Italian": "Il paziente di 54 anni si presenta al pronto soccorso con dolore al petto da due giorni, senza febbre. "
    "Non ha allergie. La radiografia del torace è nella norma e il paziente è dimesso con una terapia.",
}


@pytest.mark.parametrize("language", OTHERS)
def test_the_language_is_named(language: str) -> None:
    assert f"appears to be written in {language}" in unreadable(OTHERS[language])


@pytest.mark.parametrize("text", ["Пациент жалуется на боль в груди.", "患者は胸痛を訴えた。", "المريض يعاني من ألم"])
def test_other_letters_are_told(text: str) -> None:
    assert "Latin letters" in unreadable(text)


def test_numbers_alone_hold_no_words() -> None:
    assert "no words" in unreadable("98.6 120/80 72 16\n1 2 3")


@pytest.mark.parametrize(
    "text",
    [
        "HTN, DM2, CKD 3a.",
        "A/P: 1. HTN - cont lisinopril 10 mg qd. 2. DM2 - A1c 8.1, inc metformin. 3. OA R knee - PT, APAP prn. 4. "
        "HLD - statin. RTC 3 mo. Labs: BMP, CBC, TSH, lipid. F/u PCP. Colonoscopy UTD. Flu shot given L deltoid.",
        "The patient, a 45-year-old woman from El Paso, is here for follow up of asthma. Las Vegas trip went well and "
        "she denies wheezing. Se habla español at home, her daughter interprets.",
    ],
)
def test_english_is_read_telegraphic_or_with_foreign_words(text: str) -> None:
    assert unreadable(text) == ""
