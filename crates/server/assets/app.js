// What a page gains where scripts run: the menu of small screens, copying, "/" for the search, filters that apply
// themselves. Every one of these has a way without it.
"use strict";
document.documentElement.classList.add("scripted");

document.addEventListener("click", async (event) => {
  const menu = event.target.closest("[data-menu]");
  if (menu) {
    const open = menu.closest(".side").classList.toggle("open");
    menu.setAttribute("aria-expanded", String(open));
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const text = document.getElementById(copy.dataset.copy).textContent;
    const before = copy.textContent;
    try {
      await navigator.clipboard.writeText(text.trim());
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Select it and copy";
    }
    setTimeout(() => { copy.textContent = before; }, 1600);
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-apply]");
  if (form) form.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector(".top input[type=search]");
  if (search) { event.preventDefault(); search.focus(); }
});

function reveal(root) {
  for (const each of root.querySelectorAll("[data-scripted][hidden]")) each.hidden = false;
}
reveal(document);
document.addEventListener("htmx:after:swap", () => reveal(document));
