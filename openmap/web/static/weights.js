/* A slider beside each weight, and what it is worth out of 100 as it moves. Without this file the numbers do. */
(() => {
  "use strict";
  const inputs = [...document.querySelectorAll("input[data-weight]")];
  const number = (input) => Math.min(100, Math.max(0, Math.trunc(Number(input.value)) || 0));

  /* Largest remainders, as the server counts; of two that are equal the first part wins. */
  const tell = () => {
    const whole = inputs.reduce((sum, one) => sum + number(one), 0);
    const exact = inputs.map((one) => (whole ? (100 * number(one)) / whole : 0));
    const points = exact.map(Math.floor);
    const left = whole ? 100 - points.reduce((sum, one) => sum + one, 0) : 0;
    const order = exact.map((_share, at) => at).sort((a, b) => points[a] - exact[a] - (points[b] - exact[b]) || a - b);
    order.slice(0, left).forEach((at) => (points[at] += 1));
    inputs.forEach((one, at) => {
      document.querySelector(`[data-share="${one.name}"]`).textContent = points[at];
    });
  };

  for (const input of inputs) {
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: 100, step: 5, className: "weight__slider", value: number(input) });
    slider.setAttribute("aria-label", document.querySelector(`label[for="${input.id}"]`).textContent.trim());
    slider.addEventListener("input", () => {
      input.value = slider.value;
      tell();
    });
    input.addEventListener("input", () => {
      slider.value = number(input);
      tell();
    });
    input.after(slider);
  }
})();
