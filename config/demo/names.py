"""Names to draw from. Invented people: any likeness comes from how common the names are."""

from __future__ import annotations

_GIVEN = (
    "Aaliyah Abigail Adam Adaeze Aisha Alastair Alice Amelia Ananya Andrzej Anika Arthur Astrid"
    " Beatriz Bilal Bronwen Callum Camille Carys Catherine Charlotte Chidi Chloe Ciara Daniel"
    " David Deepika Diego Dylan Eilidh Elena Ella Emeka Emily Eoin Esther Ewan Farah Fatima"
    " Felix Fergus Finn Florence Freya Gareth George Grace Hana Harriet Harry Hassan Hugo Ibrahim"
    " Imogen Ines Isla Ivan Jakub James Jasmine Jaya Joanna Joao Joseph Karolina Katarzyna Keira"
    " Kenji Kofi Lara Leila Leo Liam Linh Lucia Luka Mairead Maja Malik Maria Mateo Matilda Mei"
    " Mia Mohammed Morgan Nadia Naomi Nia Niamh Nikhil Noah Nora Olivia Omar Oscar Owen Paolo"
    " Petra Poppy Priya Rafael Rania Reuben Rhys Rosa Rowan Ruby Ruth Samira Samuel Sara Sean"
    " Sienna Siobhan Sofia Stefan Sunita Tariq Thea Theo Thomas Tomasz Tunde Uma Victoria Wei"
    " William Xin Yasmin Yusuf Zainab Zara Zofia"
)
_FAMILY = (
    "Abbott Adeyemi Ahmed Akhtar Allen Andersen Bailey Banerjee Barnes Begum Bennett Bianchi"
    " Boateng Brennan Brown Campbell Carter Chen Chowdhury Clarke Cohen Costa Coulibaly Cox Davies"
    " Diaz Dubois Edwards Eriksen Evans Farrell Fernandes Fischer Fraser Garcia Georgiou Gill"
    " Gordon Graham Green Griffiths Haddad Hall Hamilton Hansen Harris Hughes Hussain Ibrahimovic"
    " Igwe Ito Jackson James Jansen Johnson Jones Kaur Kelly Khan Kim Kovac Kowalski Kumar Lane"
    " Larsen Lewis Lindqvist Lloyd MacDonald Mahmoud Malik Marsh Martin Mbeki McCarthy Mensah"
    " Mills Mitchell Moreau Morgan Murphy Nakamura Nguyen Nowak O'Brien O'Neill Obi Okafor Okoro"
    " Osei Owusu Palmer Papadopoulos Park Parry Patel Pereira Petrov Phillips Popescu Powell Price"
    " Rahman Reid Richards Roberts Rossi Santos Schmidt Shah Sharma Silva Singh Smith Stewart"
    " Suzuki Taylor Thomas Thompson Tran Turner Vasquez Virtanen Walker Walsh Wang Watson White"
    " Williams Wilson Wojcik Wood Wright Yilmaz Young Zhang"
)

GIVEN, FAMILY = _GIVEN.split(), _FAMILY.split()
