"""Names for people and things that do not exist: varied, of many languages, the same for the same number."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

GIVEN = (
    *("Ada", "Aïcha", "Álvaro", "Amélie", "Ananya", "Anna", "Arjun", "Åsa", "Ayşe", "Björn", "Camille", "Chinedu"),
    *("Chloé", "Davide", "Đorđe", "Elif", "Emeka", "Emília", "Eun-ji", "Fatima", "Françoise", "Giulia", "Grace"),
    *("Hana", "Haruto", "Ines", "Ioana", "Ivan", "Jakub", "João", "Jürgen", "Kateřina", "Kwame", "Lan", "Leïla"),
    *("Liam", "Łukasz", "Mahmoud", "Maria", "Mateo", "Mei", "Mikkel", "Minh", "Nadia", "Ngozi", "Niamh", "Noah"),
    *("Oğuz", "Olga", "Omar", "Paulo", "Priya", "Quentin", "Rafael", "Rosa", "Sakura", "Samuel", "Siân", "Søren"),
    *("Sofía", "Tāne", "Thabo", "Tomáš", "Ümit", "Valentina", "Wei", "Yara", "Yusuf", "Zanele", "Zoë", "Żaneta"),
    *("Анна", "Дмитро", "Ελένη", "Γιώργος", "يوسف", "مريم", "נועה", "太郎", "花子", "秀英", "민준", "अनन्या"),
)
FAMILY = (
    *("Abernathy", "Adeyemi", "Almeida", "Andersson", "Árnason", "Bakker", "Bălan", "Banerjee", "Becker", "Bianchi"),
    *("Bjørnstad", "Castro", "Çelik", "Chen", "Costa", "Dąbrowski", "Dubois", "Eze", "Fernández", "Fischer", "García"),
    *("González", "Grönholm", "Hansen", "Horvat", "Hughes", "Ibáñez", "Ivanov", "Jansen", "Jensen", "Johnson", "Kaya"),
    *("Khumalo", "Kim", "Kovács", "Kowalski", "Kumar", "Laurent", "Lefèvre", "Lewandowska", "Li", "Lindqvist", "López"),
    *("MacDonald", "Mbeki", "Mensah", "Moreau", "Mùi", "Müller", "Nakamura", "Nguyễn", "Nowak", "O'Brien", "O'Neill"),
    *("Okafor", "Ølberg", "Öztürk", "Papadopoulos", "Park", "Pereira", "Petrović", "Popescu", "Rahman", "Ramírez"),
    *(
        "Rossi",
        "Ruiz",
        "Şahin",
        "Santos",
        "Sato",
        "Schäfer",
        "Silva",
        "Singh",
        "Smith",
        "Sørensen",
        "Suzuki",
        "Svensson",
    ),
    *("Tanaka", "Taylor", "Tshabalala", "van der Berg", "Văduva", "Weiß", "Williams", "Wójcik", "Yamamoto", "Yilmaz"),
    *("Zhang", "Żuraw", "Иванова", "Шевченко", "Παπαδάκη", "الفاسي", "כהן", "山田", "佐藤", "王", "김", "शर्मा"),
)
PLACES = (
    *("Aarhus", "Accra", "Bogotá", "Brno", "Cork", "Dakar", "Gdańsk", "Graz", "Hà Nội", "İzmir", "Kyoto", "Lyon"),
    *("Malmö", "Mumbai", "Nairobi", "Osaka", "Porto", "Québec", "Riga", "São Paulo", "Seoul", "Tallinn", "Zürich"),
)
WORK = (
    *("Accounting", "Analytics", "Assembly", "Audit", "Brand", "Compliance", "Construction", "Customer care", "Data"),
    *("Design", "Energy", "Engineering", "Facilities", "Field service", "Finance", "Fleet", "Hiring", "Infrastructure"),
    *("Laboratory", "Legal", "Logistics", "Maintenance", "Marketing", "Operations", "Payroll", "Planning", "Platform"),
    *("Procurement", "Product", "Quality", "Research", "Retail", "Safety", "Sales", "Security", "Support", "Training"),
)
TOOLS = (
    *("Archive", "Atlas", "Beacon", "Board", "Books", "Calendar", "Canvas", "Chat", "Desk", "Directory", "Docs"),
    *(
        "Expenses",
        "Forms",
        "Gateway",
        "Hub",
        "Journal",
        "Ledger",
        "Mail",
        "Maps",
        "Notes",
        "Orders",
        "Paper",
        "Pipeline",
    ),
    *("Plans", "Portal", "Queue", "Register", "Reports", "Rooms", "Rota", "Signals", "Stock", "Studio", "Survey"),
    *("Tickets", "Timesheet", "Tracker", "Travel", "Vault", "Vision", "Wiki", "Workbench"),
)


class Chance:
    """Choices that are the same for the same seed and the same words."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def number(self, below: int, *about: object) -> int:
        """Return a number from 0 to *below* - 1."""
        return int.from_bytes(self._digest(about)[:8], "big") % below

    def one(self, of: Sequence[T], *about: object) -> T:
        """Return one of *of*."""
        return of[self.number(len(of), *about)]

    def id(self, prefix: str, *about: object) -> str:
        """Return an id of the form that every id has."""
        return f"{prefix}_{self._digest((prefix, *about)).hex()[:26]}"

    def _digest(self, about: tuple[object, ...]) -> bytes:
        return hashlib.blake2b(repr((self._seed, *about)).encode(), digest_size=16).digest()
