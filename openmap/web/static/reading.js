/* Keys of the reading page: they work while the focus is among the marks, and never where someone types.
   Without this file the page does everything, with the mouse, a finger or Tab. */
(() => {
  "use strict";
  const form = document.querySelector("form.marks");
  const state = document.getElementById("etat");
  if (!form || !state) return;

  const criteria = [...form.querySelectorAll("fieldset.criterion")];
  const chosen = (criterion) => criterion.querySelector("input[type=radio]:checked");
  const typing = (element) => element.matches("textarea, select, input:not([type=radio])") || element.isContentEditable;

  let pending = 0;
  let leaving = null;

  const leave = (link) => {
    if (pending) leaving = link;
    else window.location.assign(link.href);
  };

  const goTo = (criterion) => {
    const target = criterion || form.querySelector("button[type=submit]");
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
  };

  const mark = (value) => {
    const criterion =
      document.activeElement.closest("fieldset.criterion") || criteria.find((one) => !chosen(one)) || criteria[0];
    const radio = criterion.querySelector(`input[type=radio][value="${value}"]`);
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    const comment = criterion.querySelector("textarea");
    if (Number(value) <= Number(criterion.dataset.under) && !comment.value.trim()) {
      comment.focus();
      return;
    }
    goTo(criteria[criteria.indexOf(criterion) + 1]);
  };

  document.addEventListener("keydown", (event) => {
    const from = event.target;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    if (!form.contains(from) || typing(from)) return;
    if (/^[0-5]$/.test(event.key)) {
      event.preventDefault();
      mark(event.key);
      return;
    }
    const link = document.querySelector(`a[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (link) {
      event.preventDefault();
      leave(link);
    }
  });

  document.body.addEventListener("htmx:beforeRequest", () => { pending += 1; });
  document.body.addEventListener("htmx:afterRequest", () => {
    pending -= 1;
    if (!pending && leaving) leave(leaving);
  });
  const failed = () => {
    leaving = null;
    const words = document.createElement("p");
    words.className = "saved saved--refused";
    words.textContent = state.dataset.failed;
    state.replaceChildren(words);
  };
  document.body.addEventListener("htmx:responseError", failed);
  document.body.addEventListener("htmx:sendError", failed);

  if (!window.location.hash && !document.getElementById("erreurs")) {
    (criteria.find((one) => !chosen(one)) || criteria[0])?.focus({ preventScroll: true });
  }
})();
