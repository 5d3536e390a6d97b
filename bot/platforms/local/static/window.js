// Forms, each in its own window.

const dialog = document.getElementById("window");
const form = dialog.querySelector("form");
const submit = form.querySelector("[type=submit]");
const failure = form.querySelector(":scope > .error");
const CONTROLS = "input, textarea, select";
let send = async () => {};

/** Open a form rendered by the server. `answer` receives the values by field. */
export function openWindow({ title, submit: label, html }, answer) {
  document.getElementById("window-title").textContent = title;
  form.querySelector(".fields").innerHTML = html; // escaped by the server: see ../render.py
  submit.textContent = label;
  submit.disabled = false;
  failure.hidden = true;
  send = answer;
  dialog.showModal();
  form.querySelector(CONTROLS).focus();
}

/** Show an error under each invalid field, and return the first such field. */
function firstMissing() {
  let first = null;
  for (const control of form.querySelectorAll(CONTROLS)) {
    const isMissing = control.required && !control.value.trim();
    const error = document.getElementById(`${control.id}-erreur`);
    error.textContent = isMissing ? "Cette réponse est nécessaire." : "";
    error.hidden = !isMissing;
    control.toggleAttribute("aria-invalid", false);
    if (isMissing) control.setAttribute("aria-invalid", "true");
    if (isMissing) first ??= control;
  }
  return first;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const missing = firstMissing();
  if (missing) {
    missing.focus();
    return;
  }
  submit.disabled = true;
  try {
    await send(Object.fromEntries(new FormData(form)));
    dialog.close();
  } catch (error) {
    failure.textContent = error instanceof TypeError ? "Le bac à sable ne répond pas\u00a0: rien n'a été envoyé." : error.message;
    failure.hidden = false;
  } finally {
    submit.disabled = false;
  }
});

for (const button of form.querySelectorAll(".close, .cancel")) button.addEventListener("click", () => dialog.close());
