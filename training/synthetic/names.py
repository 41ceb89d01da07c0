"""Invented people's names, streets and towns. Any likeness is chance: first and last names are drawn apart."""

from __future__ import annotations

from billing_core.registration import Address, PersonName
from training.synthetic.chance import Chance


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LAST = _words(
    """Abernathy Acosta Adeyemi Ainsworth Alcott Aldana Alvarado Ambrose Anand Ansari Appleton Arriaga Ashby Atwater
    Babcock Baptiste Barlow Barros Beckett Bellamy Benavides Bergstrom Bhatt Birch Blackwood Blanchard Bolton Boyle
    Brannigan Briggs Brockway Bui Burkhart Caldwell Calloway Cardenas Carmody Castellano Chandra Chappell Cho Clayborne
    Coates Colburn Cordova Cortland Crane Crosby Cuevas Dalton Danforth Das Delacroix Delgadillo Dhillon Dorsey Draper
    Dubois Duncan Easton Echeverria Eldridge Ellery Emerson Esposito Estrada Faircloth Farrow Fenwick Fitzroy Fontaine
    Fujimoto Galindo Garrity Gentry Gilchrist Godwin Goldstein Granger Greer Guerrero Gupta Haddad Halvorsen Hamm
    Hargrove Hashimoto Hathaway Hawthorne Heller Herrera Hightower Hobbs Holloway Huang Ibarra Ingram Ito Jankowski
    Jaramillo Jefferies Joshi Kamau Kapoor Kaufman Keating Kendrick Khoury Kilgore Kirkland Knox Kowalczyk Lachance
    Lambert Langley Larkin Lassiter Ledford Leung Lindqvist Lockhart Lombardi Lujan Mabry MacLeod Maddox Maldonado
    Marchetti Marlowe Mbeki McAllister McBride Medrano Mehta Merrick Middleton Mireles Moffett Montague Mooney Moreau
    Mukherjee Nakamura Navarro Nesbitt Newcombe Nguyen Nieves Norwood Novak Oakley Obi Ochoa Okafor Oliveira Ortega
    Osborne Pacheco Palumbo Park Pemberton Penrose Petrov Pham Pickering Pomeroy Prescott Pritchard Quigley Quintero
    Radcliffe Rahman Ramsey Rasmussen Redmond Reyna Rinaldi Robledo Rosenthal Rothwell Rutledge Sadler Salazar Sandoval
    Santoro Saunders Sayegh Schuster Seabrook Sedgwick Shah Shapiro Sheffield Silva Skinner Sokolov Solis Soto Spalding
    Stanhope Sterling Stoddard Suarez Sutherland Swanson Takeda Tavares Thackeray Thorne Tilden Tomlin Torres Tran
    Trujillo Underhill Upton Valdez Vance Varga Vaughn Velasquez Vickers Vogel Wadsworth Wakefield Walcott Warwick
    Weatherby Whitlock Wickham Winslow Woolridge Wu Yamada Yancey Yates Yoo Zamora Zapata Zeller Zielinski"""
)
FEMALE = _words(
    """Abigail Adele Agnes Aisha Alana Alice Amara Amelia Anita Annika Ariana Aurora Beatriz Bernice Bianca Bridget
    Camila Carla Cecilia Celeste Charlotte Claire Clara Corinne Dahlia Daphne Deborah Delia Denise Diana Doris Edith
    Elaine Elena Eliza Eloise Emilia Esther Eva Faith Farah Fiona Flora Frances Gabriela Gail Georgia Gloria Grace
    Harriet Hazel Helena Imani Ines Ingrid Irene Isla Ivy Jacqueline Jada Janet Jasmine Joanna Josephine Judith June
    Kamala Katherine Keiko Keisha Lara Layla Leila Leona Lillian Lorena Lucia Lydia Mabel Malia Margot Marisol Martha
    Matilda Maya Mei Mercedes Mina Miriam Nadia Naomi Nina Noor Nora Odessa Olga Olive Pamela Paloma Pauline Penelope
    Phoebe Priya Rachel Ramona Renata Rhea Rosa Rosalind Ruth Sabrina Samira Saoirse Serena Simone Sofia Sonia Stella
    Sylvia Tamara Tess Thalia Ursula Valerie Vera Vivian Wanda Willa Winifred Yolanda Yvonne Zara Zoe"""
)
MALE = _words(
    """Aaron Abel Adrian Ahmed Alan Alfredo Amir Andre Anton Archie Arjun Arthur Asher August Barrett Basil Benedict
    Bernard Bruno Byron Caleb Calvin Carlos Cedric Chester Clark Clifford Colin Conrad Cyrus Dale Damian Dario Declan
    Desmond Dexter Diego Dimitri Dominic Duncan Earl Edgar Edmund Elias Elliot Emmett Enrique Ernest Esteban Ezra Felix
    Fernando Finn Floyd Franklin Garrett Gideon Gilbert Graham Gregory Gustavo Hamid Harold Hector Henry Hiroshi Howard
    Hugh Ian Ibrahim Isaac Ivan Jasper Javier Jerome Joaquin Joel Jonah Julian Kai Karim Keith Kenji Kwame Lamar Lars
    Leonard Leroy Liam Linus Lionel Lorenzo Lucas Malcolm Manuel Marcus Mateo Maurice Miles Milo Mohan Morris Nathan
    Nestor Nikolai Noel Omar Orlando Oscar Otis Owen Pablo Percy Philip Quentin Rafael Ramon Raymond Reuben Roland
    Roscoe Rowan Rufus Russell Samir Santiago Saul Sebastian Silas Simon Stanley Sterling Tariq Theo Tobias Trevor
    Ulysses Victor Vikram Vincent Wallace Walter Wesley Wilbur Winston Xavier Yusuf Zachary"""
)
STREETS = _words(
    """Alder Amber Aspen Bayberry Beacon Birchwood Bramble Brookside Canal Cedar Chestnut Clover Copper Cypress Depot
    Dogwood Eastgate Elmhurst Fairview Fern Foundry Foxglove Garnet Glenwood Granite Grove Hawthorn Hazel Heron Hickory
    Highland Hillcrest Juniper Kestrel Lakeview Larch Laurel Linden Locust Magnolia Maple Meadow Mill Mulberry Oakridge
    Orchard Pebble Pine Plum Quarry Ridge River Rosewood Sage Spruce Station Summit Sycamore Tanner Thistle Tulip
    Valley Vine Walnut Wharf Willow"""
)
TOWNS = ("Ashford", "Brindle", "Calder", "Dunmore", "Eastvale", "Fallbrook", "Glenrock", "Hartwell", "Larkfield")


def person_name(chance: Chance, sex: str, last: str = "") -> PersonName:
    """A name for a person of that sex ("F", "M"); of a family when `last` is given."""
    first = chance.one_of(FEMALE if sex == "F" else MALE)
    middle = chance.pattern("@") if chance.happens(0.4) else ""
    return PersonName(last or chance.one_of(LAST), first, middle)


def home(chance: Chance, city: str, state: str, postal_code: str) -> Address:
    """A home in the practice's town, or in a town nearby with a postal code near."""
    line = f"{chance.between(2, 1899)} {chance.one_of(STREETS)} {chance.one_of(('St', 'Ave', 'Rd', 'Ln', 'Dr', 'Ct'))}"
    unit = f"Apt {chance.between(1, 40)}" if chance.happens(0.2) else ""
    if chance.happens(0.55):
        return Address(line, city, state, postal_code[:5], unit)
    return Address(line, chance.one_of(TOWNS), state, f"{postal_code[:3]}{chance.between(10, 98):02d}", unit)
