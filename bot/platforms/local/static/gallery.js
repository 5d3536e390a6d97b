// The gallery's search, while a person types. Without this script, the form searches when it is submitted.

const WAIT = 150; // ms without a key before searching

const form = document.querySelector("[role=search]");
const input = form.querySelector("input");
let waiting = 0;
let asked = 0; // the number of searches, to drop a late answer to an old search

async function search() {
  const question = (asked += 1);
  const words = input.value.trim();
  const address = words ? `${form.action}?${new URLSearchParams({ q: words })}` : form.action;
  const html = await fetch(address).then((response) => (response.ok ? response.text() : ""), () => "");
  if (question !== asked || !html) return;
  const found = new DOMParser().parseFromString(html, "text/html");
  document.getElementById("compte").textContent = found.getElementById("compte").textContent; // announced
  document.querySelector(".groups").replaceWith(found.querySelector(".groups"));
  history.replaceState(null, "", address);
}

input.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, WAIT);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  search();
});
