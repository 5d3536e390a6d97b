"""A Web page is read like a Word file: its headings, lists and their numbers, without what is around it."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from bot.policy.articles import PolicyError
from bot.policy.library import Library
from bot.policy.outline import build_outline
from bot.policy.provisions import Block, Layout
from bot.revision.reading import formats
from bot.revision.reading.document import Document
from bot.revision.reading.html_document import parse_html

# As the most common program for sites makes one.
SITE: Final = """<!DOCTYPE html>
<html lang="fr-CA"><head><meta charset="UTF-8"><title>Règlements – La Ruche</title>
<style>.menu { color: red }</style><script>var titre = "<p>Piège</p>";</script></head>
<body class="wp-singular page-template-default">
<a class="skip-link screen-reader-text" href="#content">Aller au contenu</a>
<header id="masthead"><h1 class="site-title"><a href="/">La Ruche</a></h1>
<nav><ul class="menu"><li><a href="/">Accueil</a></li><li><a href="/equipe">Équipe</a></li></ul></nav>
</header>
<div id="page"><main id="content"><article id="post-12">
<header class="entry-header"><h1 class="entry-title">Règlements généraux</h1>
<div class="entry-meta">Publié le 3 mai 2026</div></header>
<div class="entry-content">
<h2>Chapitre I – Dispositions générales</h2>
<h3>Article 1 – Nom</h3><p>L&rsquo;association porte le nom de La&nbsp;Ruche.</p>
<h3>Article 2 – <strong>Buts</strong></h3><p>Elle a pour buts&nbsp;:</p>
<ol type="a"><li>d&rsquo;aider ses <em>membres</em>;</li><li>de les réunir&nbsp;:
<ol type="i"><li>à l&rsquo;automne;</li><li>à l&rsquo;hiver.</li></ol></li></ol>
<h2>Chapitre II – Membres</h2>
<h3>Article 3 – Cotisation</h3><table><tr><th>Catégorie</th><th>Montant</th></tr>
<tr><td>Active</td><td>20&nbsp;$</td></tr></table>
<p style="display:none">Ancien texte caché de la cotisation</p>
</div><footer class="entry-footer"><a href="/reglements">Règlements</a></footer>
</article></main>
<aside id="secondary"><h2>Nouvelles</h2><p>Le bal aura lieu vendredi.</p></aside></div>
<footer><p>© 2026 La Ruche, 12, rue des Abeilles</p></footer>
<script src="https://exemple.ca/a.js"></script></body></html>
"""

# As Word saves one, its numbers in a conditional part.
WORD: Final = """<html xmlns:o="urn:schemas-microsoft-com:office:office"
xmlns:w="urn:schemas-microsoft-com:office:word">
<head><meta http-equiv=Content-Type content="text/html; charset=windows-1252"><!--[if gte mso 9]><xml>
<w:WordDocument><w:View>Print</w:View></w:WordDocument></xml><![endif]-->
<style><!-- p.MsoNormal {margin:0cm} -->
</style></head><body lang=FR-CA><div class=WordSection1>
<p class=MsoTitle>Statuts de La Ruche</p>
<p class=MsoToc1><a href="#_Toc1">1. Nom<span style='mso-tab-count:1 dotted'>........ </span>2</a></p>
<h1 style='mso-list:l0 level1 lfo1'><a name="_Toc1"></a><![if !supportLists]><span
style='mso-list:Ignore'>1.<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span></span><![endif]>Nom</h1>
<p class=MsoNormal>L\x92association porte le nom
de La Ruche<a href="#_ftn1" name="_ftnref1"><span
class=MsoFootnoteReference><![if !supportFootnotes]>[1]<![endif]>
</span></a>.<o:p></o:p></p>
<h1 style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>2.<span
style='font:7.0pt "Times New Roman"'>&nbsp; </span></span><![endif]>Buts</h1>
<p class=MsoListParagraph style='margin-left:36.0pt;text-indent:-18.0pt;mso-list:l1 level1 lfo2'>
<![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>aider \x96 toujours;</p>
<p class=MsoNormal style='margin-left:36.0pt'>a)&nbsp;&nbsp; réunir.</p></div>
<div style='mso-element:footnote-list'><hr><div style='mso-element:footnote' id=ftn1><p class=MsoFootnoteText>
<a href="#_ftnref1" name="_ftn1"><span class=MsoFootnoteReference>[1]</span></a> Depuis 2019.</p></div></div>
</body></html>
""".replace("\n", "\r\n")


def read(page: str) -> Document:
    return parse_html(page.encode(), "page.html")


def texts(page: str) -> list[tuple[str, str]]:
    """Return the number and the words of each block of what follows a first clause."""
    return [(block.number, block.text) for block in blocks_after(page)]


def blocks_after(page: str) -> tuple[Block, ...]:
    """Return the blocks of what follows a first clause."""
    _, *blocks = read(f"<p>1. Nom</p>{page}").blocks
    return tuple(blocks)


def labels(document: Document) -> list[str]:
    return [part.label or part.title for part in build_outline(document.blocks).walk()]


def codes(document: Document) -> list[str]:
    return [finding.code for finding in document.findings]


def test_a_page_of_a_site_is_its_text_alone() -> None:
    document = formats.read_document(SITE.encode(), "page")
    assert [(block.level, block.number, block.text) for block in document.blocks] == [
        (1, "", "Règlements généraux"),
        (2, "", "Chapitre I – Dispositions générales"),
        (3, "", "Article 1 – Nom"),
        (0, "", "L’association porte le nom de La\u00a0Ruche."),
        (3, "", "Article 2 – Buts"),
        (0, "", "Elle a pour buts\u00a0:"),
        (0, "a.", "d’aider ses membres;"),
        (0, "b.", "de les réunir\u00a0:"),
        (0, "i.", "à l’automne;"),
        (0, "ii.", "à l’hiver."),
        (2, "", "Chapitre II – Membres"),
        (3, "", "Article 3 – Cotisation"),
        (0, "", "Catégorie\tMontant"),
        (0, "", "Active\t20\u00a0$"),
    ]
    assert labels(document) == ["I", "1", "2", "a", "b", "i", "ii", "II", "3"]


def test_what_is_left_out_and_is_not_navigation_is_said() -> None:
    [finding] = read(SITE).findings
    assert "Publié le 3 mai 2026" in finding.message or "Le bal" in finding.message
    for words in ("Accueil", "Aller au contenu", "Piège"):
        assert words not in finding.message
    bare = "<main><p>1. Nom</p></main>{}"
    menu = "<nav>Vous êtes ici</nav><footer><a href='/'>Accueil</a></footer>"
    assert read(bare.format(menu)).findings == ()
    for around in (
        "<footer>Adopté en assemblée le 3 mai</footer>",
        "<p>Nul n’est tenu de savoir.</p>",
        "Nul n’est tenu.",
    ):
        assert codes(read(bare.format(around))) == ["page_left_out"]
    assert codes(read("<p>1. Nom</p><p style='visibility: hidden'>Caché aux membres</p>")) == [
        "page_left_out"
    ]


def test_no_word_is_lost_without_being_said(library: Library) -> None:
    old = library.default.versions[-1]
    for page in (SITE.encode(), WORD.encode("latin-1")):
        reading = formats.review_file(page, "page", old, date(2027, 1, 1))
        assert "lost_text" not in {finding.code for finding in reading.findings}


def test_a_page_that_word_saved_is_read_with_its_numbers_and_its_notes() -> None:
    document = formats.read_document(WORD.encode("latin-1"), "statuts.htm")
    assert [(block.level, block.number, block.layout, block.text) for block in document.blocks] == [
        (1, "", Layout.TEXT, "Statuts de La Ruche"),
        (2, "1.", Layout.TEXT, "Nom"),
        (0, "", Layout.TEXT, "L’association porte le nom de La Ruche[1]."),
        (0, "", Layout.NOTE, "[1] Depuis 2019."),
        (2, "2.", Layout.TEXT, "Buts"),
        (0, "", Layout.BULLET, "aider – toujours;"),
        (0, "", Layout.TEXT, "a) réunir."),
    ]
    assert labels(document) == ["1", "2", "a"]
    assert codes(document) == []


def test_a_bare_page_is_read_whole() -> None:
    page = (
        "<h1>Statuts</h1><p><b>ARTICLE 1&nbsp;: Nom</b><br>La Ruche.<br>Elle est fondée<br><br>1.1 Le siège"
        "</p><p>Suite<div>À part</div>de rien"
    )
    assert [(block.text, block.strong, block.joined) for block in read(page).blocks] == [
        ("Statuts", False, False),
        ("ARTICLE 1\u00a0: Nom", True, False),
        ("La Ruche.", False, False),
        ("Elle est fondée", False, True),
        ("1.1 Le siège", False, False),
        ("Suite", False, False),
        ("À part", False, False),
        ("de rien", False, False),
    ]


@pytest.mark.parametrize(
    ("page", "numbers"),
    [
        ("<ol><li>a<li>b</ol>", ["1.", "2."]),
        ("<ol start=4><li>a<li value=9>b<li>c</ol>", ["4.", "9.", "10."]),
        ("<ol reversed><li>a<li>b</ol>", ["2.", "1."]),
        ("<ol type=A><li>a<li>b</ol><ol type=I start=3><li>c</ol>", ["A.", "B.", "III."]),
        ("<ol style='list-style-type: lower-roman'><li>a</ol>", ["i."]),
        ("<ol style='list-style: none'><li>1.1 a</ol>", [""]),
        ("<ol><li><p>a</p><p>b</p><ul><li>c</ul><li>d</ol>", ["1.", "", "", "2."]),
        ("<ol><li><ol type=a><li>a</ol></ol>", ["1.", "a."]),
        ("<ol><div><li>a</div><li>b</ol>", ["1.", "2."]),
        ("<ol start=oups><li>a</ol>", ["1."]),
        ("<h2>Buts</h2><ol><li>a</ol><ol start=2><li>b</ol>", ["", "1.", "2."]),
    ],
)
def test_lists_are_numbered_as_a_browser_numbers_them(page: str, numbers: list[str]) -> None:
    assert [number for number, _ in texts(page)] == numbers


def test_lists_and_margins_indent() -> None:
    page = "<p>a<ul><li>b<ul><li>c</ul></ul><p style='margin-left:36.0pt;text-indent:-18pt'>d<blockquote>e"
    blocks = blocks_after(page)
    assert [block.indent for block in blocks] == [0, 30, 60, 18, 30]
    assert [block.layout for block in blocks][1:3] == [Layout.BULLET] * 2


def test_contents_are_left_out_as_in_any_file() -> None:
    page = (
        "<h2>Table des matières</h2><ol><li><a href='#a'>Buts</a><li><a href='#b'>Membres</a></ol>"
        "<h2 id=a>Buts <a href='#a'>#</a></h2><p>Aider.</p><h2 id=b>Membres</h2><p>Toutes et tous.</p>"
    )
    document = read(page)
    assert labels(document) == ["Buts", "Membres"]
    assert [doubt.code for doubt in document.doubts] == ["contents_left_out"]


def test_a_table_that_lays_the_text_out_is_the_text() -> None:
    page = "<table><tr><td><h2>Article 1</h2></td><td><p>Nom</p><p>Siège</p></td></tr></table>"
    assert texts(page) == [("", "Article 1"), ("", "Nom"), ("", "Siège")]
    assert texts("<table><tr><td>Un</td></tr><tr><td>Deux</td></tr></table>") == [("", "Un"), ("", "Deux")]


def test_a_note_follows_what_calls_it() -> None:
    text = "<p>Le barème<sup><a href='#n1'>1</a></sup> vaut.</p><p>Fin.</p>"
    read = [("", "Le barème[1] vaut."), ("", "[1] Depuis 2019."), ("", "Fin.")]
    assert texts(f"{text}<ol><li id=n1>Depuis 2019. <a href='#r'>↩</a></ol>") == read
    several = "<div><p><a id=n1 href='#r'>[1]</a> Depuis</p><p>2019.</p></div>"
    assert texts(f"{text}<hr>{several}") == read


# As Google exports one: its numbers and its bold are in a style sheet, and each level is a list of its own.
GOOGLE: Final = """<html><head><meta content="text/html; charset=UTF-8" http-equiv="content-type">
<style type="text/css">@import url(https://exemple.ca/a.css);
.lst-kix_a1-0>li{counter-increment:lst-ctn-kix_a1-0}
ol.lst-kix_a1-0{list-style-type:none}ol.lst-kix_a1-1{list-style-type:none}ul.lst-kix_b2-0{list-style-type:none}
.lst-kix_a1-0>li:before{content:"Article " counter(lst-ctn-kix_a1-0,decimal) " - "}
.lst-kix_a1-1>li:before{content:"" counter(lst-ctn-kix_a1-0,decimal) "."
counter(lst-ctn-kix_a1-1,decimal) ". "}
.lst-kix_b2-0>li:before{content:"\\0025cf   "}.c1{font-weight:700}.c2{color:#000;margin-left:36pt}
@media print{.c2{font-weight:700;margin-left:0pt}}</style></head><body class="c9 doc-content">
<p class="c3 title"><span>Statuts de La Ruche</span></p>
<ol class="c4 lst-kix_a1-0 start" start="1"><li class="c2"><span class="c1">Nom</span></li></ol>
<ol class="c4 lst-kix_a1-1 start" start="1">
<li><span>L&rsquo;association porte le nom de La Ruche.</span></li>
<li><span>Elle est fond&eacute;e</span><sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup><span> en 2019</span>
<sup><a href="#ftnt1" id="ftnt_ref1">[1]</a></sup><span>.</span></li></ol>
<ol class="c4 lst-kix_a1-0" start="2"><li class="c2"><span class="c1">Buts</span></li></ol>
<ol class="c4 lst-kix_a1-1 start" start="1"><li><span>Aider :</span></li></ol>
<ul class="c4 lst-kix_b2-0 start"><li><span>ses membres.</span></li></ul>
<hr><div><p class="c3"><a href="#ftnt_ref1" id="ftnt1">[1]</a><span>&nbsp;Le 3 mai.</span></p></div>
<div class="c7"><p class="c3"><a href="#cmnt_ref1" id="cmnt1">[a]</a>
<span>&Agrave; v&eacute;rifier</span></p></div>
</body></html>
"""


def test_a_document_that_google_exports_is_read_with_the_numbers_of_its_style_sheet() -> None:
    document = formats.read_document(GOOGLE.encode(), "Statuts.html")
    assert [(block.number, block.strong, block.layout, block.text) for block in document.blocks] == [
        ("", False, Layout.TEXT, "Statuts de La Ruche"),
        ("Article 1 -", True, Layout.TEXT, "Nom"),
        ("1.1.", False, Layout.TEXT, "L’association porte le nom de La Ruche."),
        ("1.2.", False, Layout.TEXT, "Elle est fondée en 2019 [1]."),
        ("", False, Layout.NOTE, "[1] Le 3 mai."),
        ("Article 2 -", True, Layout.TEXT, "Buts"),
        ("2.1.", False, Layout.TEXT, "Aider :"),
        ("", False, Layout.BULLET, "ses membres."),
    ]
    assert labels(document) == ["1", "1.1", "1.2", "2", "2.1"]
    assert document.findings == ()


# What sites put around a text, when they have no elements for it. {} changes from day to day.
OLDER: Final = {
    "SPIP": (
        '<div id="page"><div id="entete"><a href="/">Ruche</a> {}</div><div id="conteneur"><div id="contenu">'
        '<div class="cartouche"><p class="info-publi">Mise en ligne {}, vue 12 fois</p></div>'
        '<div class="crayon texte"><!-- texte --></div><div class="forum-repondre">Répondre {}</div></div>'
        '<div id="sidebar">À suivre {}</div></div><div id="pied">{}</div></div>'
    ),
    "Joomla": (
        '<table id="header"><tr><td>La Ruche {}</td></tr></table><div id="main" class="span9">'
        '<div class="item-page"><dl class="article-info muted"><dd class="hits">Clics : {}</dd></dl>'
        '<!-- texte --><ul class="pager pagenav"><li>Suivant {}</li></ul></div></div>'
        '<div class="moduletable sidebar">Connexion {}</div>'
    ),
    "Drupal": (
        '<div role="banner">La Ruche {}</div><div class="region-content" role="main"><div role="article">'
        '<div class="submitted">Soumis {}</div><div class="field--name-body"><!-- texte --></div></div>'
        '<div role="complementary">En ligne : {}</div></div>'
    ),
    "LibreOffice": (
        '<div title="header"><p>La Ruche {}</p></div><!-- texte --><div title="footer"><p>{}</p></div>'
    ),
    "témoins": (
        '<div id="tarteaucitronRoot">{}</div><div class="cmplz-cookiebanner banner-1">{}</div><!-- texte -->'
        '<div class="social-share">{}</div><div class="jp-relatedposts">{}</div>'
    ),
}
RULES: Final = "<h2>Article 1 – Nom</h2><p>La Ruche.</p><h2>Article 2 – Buts</h2><p>Aider ses membres.</p>"


@pytest.mark.parametrize("site", OLDER)
def test_what_is_around_a_text_changes_nothing_of_it(site: str) -> None:
    around = f"<html><body>{OLDER[site]}</body></html>"
    days = [
        read(around.replace("<!-- texte -->", RULES).replace("{}", day)) for day in ("le 3 mai", "le 4 juin")
    ]
    assert days[0].markdown == days[1].markdown == read(RULES).markdown
    assert codes(days[0]) == ["page_left_out"]


def test_what_is_called_as_what_is_around_a_text_and_is_the_text_is_read() -> None:
    rules = f"<div class='popup'>{RULES}</div><p>Contact</p>"
    assert labels(read(rules)) == ["1", "2"]
    elementor = RULES.replace("<p>", "<div class='elementor-widget elementor-widget-text'><p>")
    assert labels(read(elementor)) == ["1", "2"]
    assert "Aider ses membres." in read(elementor).markdown


def test_of_several_articles_the_one_that_is_the_page_is_the_text() -> None:
    other = "<article><h2>Article 3 – Bal</h2><p>Il a lieu.</p></article>"
    assert labels(read(f"<main><article>{RULES}</article>{other}</main>")) == ["1", "2"]
    assert labels(read(f"<article>{RULES}</article>{other}{other.replace('3', '4')}")) == ["1", "2", "3", "4"]


def test_what_unfolds_at_a_press_is_text_and_what_is_hidden_is_not() -> None:
    page = (
        "<div class='accordion-item'><button>Article 1 – Nom</button>"
        "<div class='accordion-content' style='display:none'><p>La Ruche.</p></div></div>"
        "<div class='elementor-tab-title'><a tabindex=0>Article 2 – Buts</a></div>"
        "<div class='elementor-tab-content' hidden><p>Aider.</p></div>"
        "<div id=b role=tabpanel hidden><p>2.1 Réunir.</p></div><div hidden><p>2.2 Rien.</p></div>"
        "<button>Imprimer</button>"
    )
    document = read(page)
    assert labels(document) == ["1", "2", "2.1"]
    assert "Imprimer" not in document.markdown
    [finding] = document.findings
    assert "2.2 Rien." in finding.message


def test_definitions_are_text() -> None:
    page = "<dl><dt>Membre</dt><dd>Qui paie.</dd><dt>Conseil</dt><dd>Qui siège.</dd></dl>"
    assert texts(page) == [("", "Membre"), ("", "Qui paie."), ("", "Conseil"), ("", "Qui siège.")]


@pytest.mark.parametrize(
    "page",
    [
        "<h1>Page introuvable</h1><p>Cette page n’existe plus.</p>",
        "<main><h1>Documents</h1><h2>Textes</h2><ul><li><a href=/a>Statuts</a><li><a href=/b>Règles</a></ul>",
        "<form><label>Courriel <input></label><label>Mot de passe <input></label><button>Entrer</button>",
    ],
)
def test_a_page_that_is_no_policy_is_refused_in_one_line(page: str) -> None:
    with pytest.raises(PolicyError, match="ni article ni numéro") as refused:
        read(page)
    assert "\n" not in refused.value.problem


def test_deleted_words_are_left_out_and_said() -> None:
    document = read("<p>1. Le conseil <del>secret</del><ins>public</ins>.</p>")
    assert document.blocks[0].text == "1. Le conseil public."
    assert codes(document) == ["tracked_changes"]


def test_numbers_that_a_style_sheet_makes_are_said() -> None:
    page = "<style>h2:before { content: counter(partie) }</style><h2>Buts</h2><p>1. Aider.</p>"
    assert codes(read(page)) == ["uncertain_number"]


def test_a_page_in_one_form_is_read_and_a_form_in_a_page_is_not() -> None:
    whole = "<form><h2>Buts</h2><p>Aider ses membres en tout temps.</p><input value=x></form>"
    assert texts(whole) == [("", "Buts"), ("", "Aider ses membres en tout temps.")]
    beside = (
        "<h2>Buts</h2><p>Aider ses membres en tout temps.</p><form><label>Courriel <input></label></form>"
    )
    assert texts(beside) == texts(whole)


# --- What it is, and in what encoding ---------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<meta charset=windows-1252><p>1. \x93\xc9t\xe9\x94", "“Été”"),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><html><body><p>1. \xc9t\xe9</p></body></html>", "Été"),
        (b"<meta http-equiv=content-type content='text/html; charset=macintosh'><p>1. \x83t\x8e", "Été"),
        ("<meta charset=iso-8859-1><p>1. Été".encode(), "Été"),
        ("<p>1. Été".encode("utf-8-sig"), "Été"),
        ("<html><p>1. Été</p></html>".encode("utf-16"), "Été"),
        (b"<p>1. &Eacute;t&#233; &#146;", "Été ’"),
    ],
)
def test_a_page_is_read_in_its_encoding(content: bytes, words: str) -> None:
    [block] = formats.read_document(content, "page").blocks
    assert block.text == f"1. {words}"


def test_the_encoding_that_a_server_names_comes_before_the_one_that_a_page_declares() -> None:
    page = b"<meta charset=macintosh><p>1. \xc9t\xe9"
    for charset, words in (("iso-8859-1", "Été"), ("utf-8", "…tÈ"), ("unicode_escape", "…tÈ"), ("", "…tÈ")):
        [block] = formats.read_document(page, "page", charset=charset).blocks
        assert block.text == f"1. {words}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<p>\xc9t\xe9", "pas en UTF-8"),
        (b"<meta charset=utf-16><p>\xc9t\xe9", "pas en UTF-8"),
        (b"<meta charset=unicode_escape><p>\xc9t\xe9", "pas en UTF-8"),
        (b"<p>Statuts\0</p>", "ni du Word"),
        (b"<html><body><div id=app></div><script>montre()</script></body></html>", "scripts"),
        (b"<html><head><title>Statuts</title></head></html>", "scripts"),
    ],
)
def test_a_page_without_text_is_answered_with_what_to_do(content: bytes, reason: str) -> None:
    with pytest.raises(PolicyError, match=reason):
        formats.read_document(content, "page.html")


@pytest.mark.parametrize("start", ["<p align=center>La Ruche</p>", "<!-- version 2 -->\n<div></div>"])
def test_markdown_that_begins_with_a_tag_is_markdown(start: str) -> None:
    document = formats.read_document(f"{start}\n\n# Buts\n\n- 1.1 Aider.\n".encode(), "statuts.md")
    assert document.blocks[-2:] == (
        Block("Buts", document.blocks[-2].line, 1),
        Block("1.1 Aider.", document.blocks[-1].line, layout=Layout.BULLET),
    )
