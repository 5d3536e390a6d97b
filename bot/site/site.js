"use strict";
// Pages can be read without this script, which adds the buttons that copy an address or a quotation.

for (const place of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = place.dataset.copy;
  button.addEventListener("click", async () => {
    // Copy a full address as it is written. Complete a relative one with the address of this page.
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

// On a phone, a long table of contents is closed at first, so that the text is near the top.
if (matchMedia("(max-width: 63.99rem)").matches) {
  for (const contents of document.querySelectorAll(".toc details")) contents.open = false;
}
