// The message input: a line that grows, with suggestions for a command or a mention.
// It follows the ARIA combobox pattern with a list: the focus stays in the text, and one option is active.

const LONGEST_SUGGESTED = 200; // characters; longer lines get no suggestions

export function composer({ form, box, list, say, place }) {
  let options = [];
  let active = -1;
  let asked = 0; // the number of requests, to drop a late answer to an old request

  const text = () => box.innerText.replace(/\n$/, "");

  function put(words) {
    if (words) box.textContent = words;
    else box.replaceChildren(); // an empty text would hide the hint
    close();
  }

  function putCaretLast() {
    const range = document.createRange();
    range.selectNodeContents(box);
    range.collapse(false);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    box.scrollTop = box.scrollHeight;
  }

  function close() {
    asked += 1;
    options = [];
    active = -1;
    show();
  }

  function show() {
    list.hidden = !options.length;
    const groups = new Map(); // a title → the element that holds its options
    list.replaceChildren();
    options.forEach((option, number) => {
      const item = document.createElement("div");
      item.id = `option-${number}`;
      item.role = "option";
      item.ariaSelected = String(number === active);
      const label = document.createElement("span");
      label.className = "label";
      label.textContent = option.label;
      item.append(label);
      if (option.detail) {
        const detail = document.createElement("span");
        detail.className = "detail";
        detail.textContent = option.detail;
        item.append(detail);
      }
      item.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
      item.addEventListener("click", () => accept(number));
      if (option.group && !groups.has(option.group)) groups.set(option.group, heading(option.group, groups.size));
      (groups.get(option.group) ?? list).append(item);
    });
    box.setAttribute("aria-expanded", String(options.length > 0));
    if (active < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", `option-${active}`);
    document.getElementById(`option-${active}`)?.scrollIntoView({ block: "nearest" });
  }

  /** Append a group of options to the list, and return it. */
  function heading(words, number) {
    const group = document.createElement("div");
    group.role = "group";
    group.setAttribute("aria-labelledby", `group-${number}`);
    const title = document.createElement("p");
    title.id = `group-${number}`;
    title.role = "presentation";
    title.className = "group";
    title.textContent = words;
    group.append(title);
    list.append(group);
    return group;
  }

  async function suggest() {
    const line = text();
    const isCompletable = line.length <= LONGEST_SUGGESTED && /^\/|(^|\s)@\w*$/.test(line);
    if (!isCompletable) return close();
    const question = (asked += 1);
    const chosen = active < 0 ? "" : options[active].line;
    if (!chosen.startsWith(line) || chosen.trim() === line) active = -1; // until suggestions arrive, Enter sends the text
    const query = new URLSearchParams({ line, ...place() });
    const found = await fetch(`/api/suggestions?${query}`).then((r) => (r.ok ? r.json() : []), () => []);
    if (question !== asked) return undefined;
    options = found.length === 1 && found[0].line === line ? [] : found; // nothing to add
    // Enter completes a partial command name, but sends any text that may already be complete.
    const isBegun = !line.includes(" ") && !found.some((option) => option.line.trim() === line);
    active = isBegun && options.length ? 0 : -1;
    return show();
  }

  function accept(number) {
    put(options[number].line);
    putCaretLast();
    if (text().endsWith(" ")) suggest(); // suggest the text after the name
  }

  function move(step) {
    const last = options.length - 1;
    active = active < 0 ? (step > 0 ? 0 : last) : active + step;
    if (active > last) active = 0;
    if (active < 0) active = last;
    show();
  }

  async function send() {
    const words = text();
    if (!words.trim()) return;
    put("");
    if (!(await say(words)) && !text()) put(words); // restore a text that could not be sent
  }

  box.addEventListener("input", () => {
    if (!box.textContent) box.replaceChildren(); // browsers leave a line break, which hides the hint
    suggest();
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const isOpen = options.length > 0;
    const does = {
      ArrowDown: isOpen && (() => move(1)),
      ArrowUp: isOpen && (() => move(-1)),
      Escape: isOpen && close,
      Tab: isOpen && active >= 0 && !event.shiftKey && (() => accept(active)),
      Enter: !event.shiftKey && (() => (active >= 0 ? accept(active) : send())),
    }[event.key];
    if (does) {
      event.preventDefault();
      does();
    }
  });
  box.addEventListener("blur", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    box.focus();
  });

  return {
    put,
    draft: text,
    focus: () => box.focus(),
    placeholder(words) {
      box.dataset.placeholder = words;
      form.querySelector("#saisie-label").textContent = words;
    },
  };
}
