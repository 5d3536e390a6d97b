// Forms, each in its own window.

const dialog = document.getElementById("window");
const form = dialog.querySelector("form");
const submit = form.querySelector("[type=submit]");
const failure = form.querySelector(":scope > .error");
const CONTROLS = "input, textarea, select";
let send = async () => {};

/** Open a form rendered by the server. `answer` receives the values by field, and the file, if any. If it returns problems by
 * field, the window stays open. */
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

/** Show an error under each field that `problem` returns one for, and focus the first. Return whether there is one. */
function showProblems(problem) {
  let first = null;
  for (const control of form.querySelectorAll(CONTROLS)) {
    const text = problem(control) || "";
    const error = document.getElementById(`${control.id}-erreur`);
    error.textContent = text;
    error.hidden = !text;
    control.toggleAttribute("aria-invalid", false);
    if (text) control.setAttribute("aria-invalid", "true");
    if (text) first ??= control;
  }
  first?.focus();
  return first !== null;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (showProblems((control) => control.required && !control.value.trim() && "Cette réponse est nécessaire.")) return;
  submit.disabled = true;
  try {
    const answers = Object.fromEntries(new FormData(form));
    const file = Object.values(answers).find((answer) => answer instanceof File && answer.name);
    for (const [name, answer] of Object.entries(answers)) if (answer instanceof File) answers[name] = answer.name;
    const problems = await send(answers, file);
    if (problems) showProblems((control) => problems[control.name]);
    else dialog.close();
  } catch (error) {
    failure.textContent = error instanceof TypeError ? "Le bac à sable ne répond pas\u00a0: rien n'a été envoyé." : error.message;
    failure.hidden = false;
  } finally {
    submit.disabled = false;
  }
});

for (const button of form.querySelectorAll(".close, .cancel")) button.addEventListener("click", () => dialog.close());
