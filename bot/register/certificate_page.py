"""The page of a certificate: a PDF that can be verified with the public keys alone.

It is a sealed page (see `sealed_pages`). Its data is the register entry, the certificate's content, the names
that the content commits to, and the salt of each commitment.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from bot.register import chain
from bot.register.certificates import Certificate, Content, commitment
from bot.register.chain import CertificateEntry
from bot.register.sealed_pages import PageForm, ReceiptError, seal, unseal
from bot.register.signing import Ring, Signer
from bot.typesetting.typeset import TypesetError, typeset

CERTIFICATE: Final = PageForm(b"%vigie-certificat-1\n", "certificat")
_TEMPLATE: Final = Path(__file__).with_name("certificate.typ")

Names: TypeAlias = Mapping[str, tuple[str, str]]  # a name and its salt, by party


@dataclass(frozen=True, slots=True)
class Shown:
    """The data of a verified page: its entry, its content, and the names by party."""

    entry: CertificateEntry
    content: Content
    names: Mapping[str, str]


def make_page(certificate: Certificate, names: Names, data: Mapping[str, Any], signer: Signer) -> bytes:
    """Return a certificate's page as a PDF. It takes a second or two, in a separate process.

    `data`: the texts of the page, by their field names in `certificate.typ`. Raises `ReceiptError` when the
    content was erased, or the page cannot be typeset.
    """
    if certificate.content is None or certificate.salt is None:
        raise ReceiptError("ce que dit ce certificat a été effacé du registre.")
    content = {
        "entry": asdict(certificate.entry),
        "content": dict(certificate.content),
        "salt": certificate.salt,
        "names": {party: list(name) for party, name in names.items()},
    }
    entry = {"number": str(certificate.entry.number), "digest": certificate.entry.digest}
    try:
        page = typeset(_TEMPLATE, {**data, **entry, "key": certificate.entry.key_id}, "pdf")
    except TypesetError as error:
        raise ReceiptError("le certificat n'a pas pu être composé.") from error
    return seal(page, content, signer, CERTIFICATE)


def verify_page(content: bytes, ring: Ring) -> Shown:
    """Return the data of a certificate's page, verified with the trusted keys in `ring`.

    `content`: the whole file. Raises `ReceiptError`, with the problem in French, when it is not genuine.
    """
    fields = unseal(content, ring, CERTIFICATE)
    try:
        entry = CertificateEntry(**fields["entry"])
        certified, salt = dict(fields["content"]), str(fields["salt"])
        names = {str(party): (str(name), str(secret)) for party, (name, secret) in fields["names"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CERTIFICATE.unsealed_error from error
    problem = next(chain.problems(entry, ring), "")
    if not problem and commitment(certified, salt) != entry.commitment:
        problem = "ce qu'il dit n'est pas ce qui a été certifié"
    for party, (name, secret) in names.items():
        if not problem and chain.commitment("name", name, secret) != certified.get(party):
            problem = "un nom n'est pas celui qui a été certifié"
    if problem:
        raise ReceiptError(f"l'inscription que ce certificat contient n'est pas valable\u00a0: {problem}.")
    return Shown(entry, certified, {party: name for party, (name, _) in names.items()})
