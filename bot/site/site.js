"use strict";
// Nothing here is needed to read: it adds the buttons that copy an address or a quotation.

for (const place of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = place.dataset.copy;
  button.addEventListener("click", async () => {
    // The address that is written stays, wherever the page is read; without one, that of the page's own place.
    const written = place.textContent;
    const words = place.href && !/^https?:/.test(written) ? place.href : written;
    try {
      await navigator.clipboard.writeText(words);
      button.textContent = "Copié";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(place);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
  });
  (place.closest("p") ?? place).after(button);
}

// On a phone, a long table of contents is closed at first, so that the text comes soon.
if (matchMedia("(max-width: 63.99rem)").matches) {
  for (const contents of document.querySelectorAll(".toc details")) contents.open = false;
}
